// SPDX-License-Identifier: Apache-2.0

/// A point in time, in nanoseconds since 1970-01-01T00:00:00Z.
///
/// Compare timestamps, not their texts: as text, `…05Z` sorts after `…05.1Z`.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public let nanoseconds: Int64

    /// Whether `left` is earlier than `right`.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded down.
    public var milliseconds: Int64 { (nanoseconds - (nanoseconds < 0 ? 999_999 : 0)) / 1_000_000 }

    /// The time `nanoseconds` nanoseconds after 1970-01-01T00:00:00Z.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The time `milliseconds` milliseconds after 1970-01-01T00:00:00Z.
    public init(milliseconds: Int64) { nanoseconds = milliseconds * 1_000_000 }

    /// The time that is `duration` later; earlier if `duration` is negative.
    public func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return Timestamp(nanoseconds: nanoseconds + seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    /// The time from `earlier` to this timestamp; negative if `earlier` is later.
    public func duration(since earlier: Timestamp) -> Duration { .nanoseconds(nanoseconds - earlier.nanoseconds) }
}

extension Timestamp {
    /// Parses an RFC 3339 time to the nanosecond; `nil` for any other text.
    ///
    /// Further digits of the fraction are ignored. The year must be 1970 to 2261, so that 64 bits can hold the
    /// nanoseconds.
    public init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = decimal(bytes[0..<4]), let month = decimal(bytes[5..<7]), let day = decimal(bytes[8..<10]),
            let hour = decimal(bytes[11..<13]), let minute = decimal(bytes[14..<16]),
            let second = decimal(bytes[17..<19]),
            (1970...2261).contains(year), let date = CalendarDate(year: year, month: month, day: day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var index = 19
        var fraction: Int64 = 0
        if bytes[index] == UInt8(ascii: ".") {
            let digits = bytes[(index + 1)...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard !digits.isEmpty else { return nil }
            for place in 0..<9 {
                let digit = place < digits.count ? digits[digits.startIndex + place] - UInt8(ascii: "0") : 0
                fraction = fraction * 10 + Int64(digit)
            }
            index += 1 + digits.count
        }
        guard let offset = offsetSeconds(bytes[index...]) else { return nil }
        let seconds = Int64(date.daysSinceEpoch) * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset)
        // The offset may have moved the time out of these years. 9,214,646,400 is the start of 2262.
        guard (0..<9_214_646_400).contains(seconds) else { return nil }
        nanoseconds = seconds * 1_000_000_000 + fraction
    }

    /// RFC 3339 in UTC with milliseconds, such as `2026-11-20T09:14:03.120Z`.
    public var rfc3339: String { text(fractionDigits: 3) }

    /// RFC 3339 in UTC with all nine digits, for cursors that must be exact.
    public var rfc3339Exact: String { text(fractionDigits: 9) }

    /// RFC 3339 in UTC with 0, 3, 6 or 9 decimals, as few as needed (google.protobuf.Timestamp in JSON).
    public var rfc3339Shortest: String {
        let fraction = nanoseconds % 1_000_000_000
        return text(fractionDigits: fraction == 0 ? 0 : fraction % 1_000_000 == 0 ? 3 : fraction % 1000 == 0 ? 6 : 9)
    }

    private func text(fractionDigits: Int) -> String {
        // Rounded down, so that times before 1970 have a positive fraction too.
        let seconds = nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : (nanoseconds - 999_999_999) / 1_000_000_000
        var fraction = nanoseconds - seconds * 1_000_000_000
        for _ in fractionDigits..<9 { fraction /= 10 }
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let time = Int(seconds - days * 86_400)
        let date = CalendarDate(daysSinceEpoch: Int(days))
        let clock = "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
        let decimals = fractionDigits == 0 ? "" : "." + padded(fraction, fractionDigits)
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(clock)\(decimals)Z"
    }
}

private func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
}

/// The offset from UTC in seconds of `Z`, `+hh:mm` or `-hh:mm`; positive is east.
private func offsetSeconds(_ bytes: ArraySlice<UInt8>) -> Int? {
    let bytes = Array(bytes)
    if bytes.count == 1, bytes[0] | 0x20 == UInt8(ascii: "z") { return 0 }
    guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"), let hours = decimal(bytes[1..<3]),
        let minutes = decimal(bytes[4..<6]), hours < 24, minutes < 60
    else { return nil }
    switch bytes[0] {
    case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
    case UInt8(ascii: "-"): return -(hours * 3600 + minutes * 60)
    default: return nil
    }
}

extension Timestamp {
    /// The present time of day.
    public static var now: Timestamp { Timestamp(nanoseconds: WallClock.nanoseconds) }
}
