// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// An instant in nanoseconds since 1970-01-01T00:00:00Z, as exact as the API's own timestamps.
///
/// Instants are compared, never their spellings: `…05Z` sorts after `…05.1Z` as text.
struct Timestamp: Sendable, Hashable, Comparable {
    let nanoseconds: Int64

    static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Milliseconds since the epoch, rounded down.
    var milliseconds: Int64 { (nanoseconds - (nanoseconds < 0 ? 999_999 : 0)) / 1_000_000 }

    init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    init(milliseconds: Int64) { nanoseconds = milliseconds * 1_000_000 }

    func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return Timestamp(nanoseconds: nanoseconds + seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    func duration(since earlier: Timestamp) -> Duration { .nanoseconds(nanoseconds - earlier.nanoseconds) }
}

extension Timestamp {
    /// The instant that `text` spells in RFC 3339 form, to the nanosecond; `nil` for anything else.
    ///
    /// Further digits of the fraction are dropped. Years are limited to 1970…2261, what 64 bits of nanoseconds hold.
    init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = decimal(bytes[0..<4]), let month = decimal(bytes[5..<7]), let day = decimal(bytes[8..<10]),
            let hour = decimal(bytes[11..<13]), let minute = decimal(bytes[14..<16]),
            let second = decimal(bytes[17..<19]),
            (1970...2261).contains(year), (1...12).contains(month),
            (1...daysIn(month: month, year: year)).contains(day),
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
        let days = daysSinceEpoch(year: year, month: month, day: day)
        let seconds = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset)
        // The offset may have moved it out of the years that can be written.
        guard (0..<Int64(daysSinceEpoch(year: 2262, month: 1, day: 1)) * 86_400).contains(seconds) else { return nil }
        nanoseconds = seconds * 1_000_000_000 + fraction
    }

    /// RFC 3339 in UTC with milliseconds, as in `2026-11-20T09:14:03.120Z`.
    var rfc3339: String { text(fractionDigits: 3) }

    /// RFC 3339 in UTC with all nine digits, for cursors that must lose nothing.
    var rfc3339Exact: String { text(fractionDigits: 9) }

    private func text(fractionDigits: Int) -> String {
        // Floor division, so that instants before 1970 keep a positive fraction.
        let seconds = nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : (nanoseconds - 999_999_999) / 1_000_000_000
        var fraction = nanoseconds - seconds * 1_000_000_000
        for _ in fractionDigits..<9 { fraction /= 10 }
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let time = Int(seconds - days * 86_400)
        let (year, month, day) = civilDate(daysSinceEpoch: Int(days))
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(time / 3600, 2)):"
            + "\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2)).\(padded(Int(fraction), fractionDigits))Z"
    }
}

private func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

private func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
}

/// The seconds east of UTC that `Z`, `+hh:mm` or `-hh:mm` mean.
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

private func daysIn(month: Int, year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March so that leap days come last.
private func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let monthFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
}

/// The inverse of `daysSinceEpoch`.
private func civilDate(daysSinceEpoch days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}

extension Timestamp {
    /// The time of day.
    static var now: Timestamp { Timestamp(nanoseconds: WallClock.nanoseconds) }
}
