// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// The duration that a text such as `500ms`, `3s`, `10min` or `1h` names; a bare number is seconds.
    init?(_ text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let units: [String: Double] = ["": 1, "ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400]
        guard let number = Double(digits), let unit = units[String(text.dropFirst(digits.count))] else { return nil }
        self = .seconds(number * unit)
    }

    /// The text that `init(_:)` reads, in the largest unit that divides it.
    var text: String {
        let milliseconds = nanoseconds / 1_000_000
        if milliseconds % 1000 != 0 { return "\(milliseconds)ms" }
        let seconds = milliseconds / 1000
        if seconds == 0 || seconds % 60 != 0 { return "\(seconds)s" }
        return seconds % 3600 == 0 ? "\(seconds / 3600)h" : "\(seconds / 60)min"
    }

    static func * (duration: Duration, factor: Double) -> Duration {
        .nanoseconds(Int64(Double(duration.nanoseconds) * factor))
    }
}
