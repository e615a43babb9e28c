// SPDX-License-Identifier: Apache-2.0

/// Prometheus's text format.
public enum MetricText {
    /// The `Content-Type` of the format.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The metrics in the text format, version 0.0.4
    /// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
    public static func encode(_ families: [MetricFamily]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(families.reduce(0) { $0 + 128 + $1.samples.count * 96 })
        for family in families { family.write(to: &text) }
        return text
    }

    /// A number in the text format. A whole number has no fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Below 2^53 every whole number is exact.
        guard abs(value) < 0x1p53, let whole = Int64(exactly: value) else { return value.description }
        return String(whole)
    }
}

extension MetricFamily {
    fileprivate func write(to text: inout [UInt8]) {
        text.append(contentsOf: "# HELP \(name) ".utf8)
        text.append(escaping: help)
        text.append(contentsOf: "\n# TYPE \(name) \(kind.rawValue)\n".utf8)
        for sample in samples {
            text.append(contentsOf: name.utf8)
            text.append(contentsOf: sample.suffix.utf8)
            var opening = UInt8(ascii: "{")
            for label in sample.labels {
                text.append(opening)
                opening = UInt8(ascii: ",")
                text.append(contentsOf: label.name.utf8)
                text.append(contentsOf: #"=""#.utf8)
                text.append(escaping: label.value, quotes: true)
                text.append(UInt8(ascii: "\""))
            }
            if !sample.labels.isEmpty { text.append(UInt8(ascii: "}")) }
            text.append(UInt8(ascii: " "))
            text.append(contentsOf: MetricText.number(sample.value).utf8)
            text.append(UInt8(ascii: "\n"))
        }
    }
}

extension [UInt8] {
    /// Appends text with backslash and line feed escaped, and the quotation mark too if `quotes` is true.
    fileprivate mutating func append(escaping text: String, quotes: Bool = false) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append(contentsOf: #"\\"#.utf8)
            case UInt8(ascii: "\n"): append(contentsOf: #"\n"#.utf8)
            case UInt8(ascii: "\"") where quotes: append(contentsOf: #"\""#.utf8)
            default: append(byte)
            }
        }
    }
}
