// SPDX-License-Identifier: Apache-2.0

/// A time in the format of HTTP, `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 §5.6.7).
public struct HTTPDate: Sendable, Equatable {
    /// Seconds since 1970-01-01T00:00:00Z without leap seconds.
    public let unixSeconds: Int64

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The time `unixSeconds` seconds after 1970-01-01T00:00:00Z.
    public init(unixSeconds: Int64) { self.unixSeconds = unixSeconds }

    /// Parses an IMF-fixdate. `nil` for any other text, also for the two obsolete formats.
    public init?(_ text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].last == ",", Self.weekdays.contains(String(parts[0].dropLast())),
            let day = Self.number(parts[1], digits: 2), let month = Self.months.firstIndex(of: String(parts[2])),
            let year = Self.number(parts[3], digits: 4), parts[5] == "GMT",
            let date = CalendarDate(year: year, month: month + 1, day: day)
        else { return nil }
        let time = parts[4].split(separator: ":", omittingEmptySubsequences: false)
        guard time.count == 3, let hour = Self.number(time[0], digits: 2), hour < 24,
            let minute = Self.number(time[1], digits: 2), minute < 60,
            // 60 is a leap second.
            let second = Self.number(time[2], digits: 2), second <= 60
        else { return nil }
        unixSeconds = Int64(((date.daysSinceEpoch * 24 + hour) * 60 + minute) * 60 + second)
    }

    /// The time in the format that ``init(_:)`` parses.
    public var text: String {
        let days = Int((unixSeconds >= 0 ? unixSeconds : unixSeconds - 86_399) / 86_400)
        let date = CalendarDate(daysSinceEpoch: days)
        let time = unixSeconds - Int64(days) * 86_400
        return
            "\(Self.weekdays[date.weekday]), \(padded(date.day, 2)) \(Self.months[date.month - 1]) \(padded(date.year, 4)) "
            + "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2)) GMT"
    }

    private static func number(_ text: Substring, digits: Int) -> Int? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }
}
