// SPDX-License-Identifier: Apache-2.0

/// A point in simulated time, in nanoseconds since the Unix epoch, UTC.
struct Instant: Sendable, Hashable, Comparable {
    var nanoseconds: Int64

    init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }
    static func + (left: Instant, right: Duration) -> Instant {
        Instant(nanoseconds: left.nanoseconds + right.nanoseconds)
    }
    static func - (left: Instant, right: Duration) -> Instant {
        Instant(nanoseconds: left.nanoseconds - right.nanoseconds)
    }
    static func - (left: Instant, right: Instant) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }

    /// The same instant without what lies below a microsecond: the API's own resolution.
    var wholeMicroseconds: Instant { Instant(nanoseconds: nanoseconds - nanoseconds % 1000) }
}

extension Duration {
    /// The whole of it in nanoseconds.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}

extension Instant {
    /// RFC 3339 in UTC with 0, 3, 6 or 9 fraction digits, as few as hold the value (proto3 JSON, Timestamp).
    var text: String {
        let (second, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let (day, time) = second.quotientAndRemainder(dividingBy: 86400)
        let (year, month, date) = civil(fromDay: day)
        let digits =
            if fraction == 0 {
                ""
            } else if fraction % 1_000_000 == 0 {
                "." + padded(fraction / 1_000_000, 3)
            } else if fraction % 1000 == 0 {
                "." + padded(fraction / 1000, 6)
            } else {
                "." + padded(fraction, 9)
            }
        let clock = "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(date, 2))T\(clock)\(digits)Z"
    }

    /// The instant that an RFC 3339 text names, up to nine fraction digits; `nil` where it is malformed.
    init?(_ text: String) {
        var rest = Substring(text)
        guard let year = rest.takeNumber(4), rest.take("-"), let month = rest.takeNumber(2), rest.take("-"),
            let day = rest.takeNumber(2), rest.take("T"), let hour = rest.takeNumber(2), rest.take(":"),
            let minute = rest.takeNumber(2), rest.take(":"), let second = rest.takeNumber(2),
            (1970...2200).contains(year), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second < 61
        else { return nil }
        var fraction: Int64 = 0
        if rest.take(".") {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard (1...9).contains(digits.count) else { return nil }
            let padding = String(repeating: "0", count: 9 - digits.count)
            fraction = Int64(digits + padding) ?? 0
            rest.removeFirst(digits.count)
        }
        var offset: Int64 = 0
        if !rest.take("Z") {
            let sign: Int64 = rest.hasPrefix("-") ? -1 : 1
            guard rest.take("+") || rest.take("-"), let hours = rest.takeNumber(2), rest.take(":"),
                let minutes = rest.takeNumber(2)
            else { return nil }
            offset = sign * (hours * 3600 + minutes * 60)
        }
        guard rest.isEmpty else { return nil }
        let seconds = dayNumber(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset
        self.init(nanoseconds: seconds * 1_000_000_000 + fraction)
    }

    /// The form of an HTTP `Date` (RFC 9110 §5.6.7).
    var httpDate: String {
        let second = nanoseconds / 1_000_000_000
        let (day, time) = second.quotientAndRemainder(dividingBy: 86400)
        let (year, month, date) = civil(fromDay: day)
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
        return "\(weekdays[Int(day % 7)]), \(padded(date, 2)) \(months[Int(month) - 1]) \(year) \(clock) GMT"
    }
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

// Both conversions count in years that begin in March, so that the leap day is the last one (proleptic Gregorian calendar).
private func civil(fromDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
}

private func dayNumber(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

extension Substring {
    fileprivate mutating func take(_ character: Character) -> Bool {
        guard first == character else { return false }
        removeFirst()
        return true
    }

    fileprivate mutating func takeNumber(_ width: Int) -> Int64? {
        let digits = prefix(width)
        guard digits.utf8.count == width, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        removeFirst(width)
        return Int64(digits)
    }
}
