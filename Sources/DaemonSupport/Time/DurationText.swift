// SPDX-License-Identifier: Apache-2.0

extension Duration {
    private static let units: [(name: String, milliseconds: Int128)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Parses a whole number followed by `ms`, `s`, `min`, `h` or `d`. A number alone means seconds.
    ///
    /// `nil` for any other text and for durations above about 290 million years.
    public init?(parsing text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let count = Int64(digits),
            let scale = unit.isEmpty ? 1000 : Self.units.first(where: { $0.name == unit })?.milliseconds
        else { return nil }
        guard let total = Int64(exactly: Int128(count) * scale) else { return nil }
        self = .milliseconds(total)
    }

    /// The duration in the largest unit that gives a whole number, in the form of `init(parsing:)`. It is rounded down
    /// to milliseconds.
    public var text: String {
        // 128 bits, because the longest durations in milliseconds do not fit 64 bits.
        let milliseconds = attoseconds / 1_000_000_000_000_000
        guard milliseconds != 0 else { return "0s" }
        let unit = Self.units.first { milliseconds % $0.milliseconds == 0 } ?? ("ms", 1)
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
}
