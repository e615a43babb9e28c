// SPDX-License-Identifier: Apache-2.0

/// An instant as HTTP writes it since 1995, `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 §5.6.7).
public struct HTTPDate: Sendable, Equatable {
    /// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
    public let unixSeconds: Int64

    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The instant that `text` spells; `nil` for anything else, the two obsolete forms included.
    public init?(_ text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].last == ",", Self.weekdays.contains(String(parts[0].dropLast())),
            let day = Self.number(parts[1], digits: 2), let month = Self.months.firstIndex(of: String(parts[2])),
            let year = Self.number(parts[3], digits: 4), year > 0, parts[5] == "GMT"
        else { return nil }
        let time = parts[4].split(separator: ":", omittingEmptySubsequences: false)
        guard time.count == 3, let hour = Self.number(time[0], digits: 2), hour < 24,
            let minute = Self.number(time[1], digits: 2), minute < 60,
            // 60 is a leap second.
            let second = Self.number(time[2], digits: 2), second <= 60,
            (1...Self.days(inMonth: month, of: year)).contains(day)
        else { return nil }
        let days = (0..<month).reduce(Self.days(before: year)) { $0 + Self.days(inMonth: $1, of: year) } + day - 1
        unixSeconds = Int64(((days * 24 + hour) * 60 + minute) * 60 + second)
    }

    private static func number(_ text: Substring, digits: Int) -> Int? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        month == 1 ? (isLeap(year) ? 29 : 28) : [3, 5, 8, 10].contains(month) ? 30 : 31
    }

    /// From 1970-01-01 to the first of January of `year`.
    private static func days(before year: Int) -> Int {
        let before = year - 1
        // 719,162 is this sum for 1970.
        return 365 * before + before / 4 - before / 100 + before / 400 - 719_162
    }
}
