// SPDX-License-Identifier: Apache-2.0

import Logging

/// A record as one line for people: time, level, sentence and `key=value` pairs.
enum TextLine {
    static func bytes(_ record: LogRecord, coloured: Bool) -> [UInt8] {
        let word = record.level.rawValue.uppercased()
        let padding = String(repeating: " ", count: max(0, 8 - word.utf8.count))
        let level = coloured ? "\u{1B}[\(record.level.colour)m\(word)\u{1B}[0m" : word
        var line = "\(record.timestamp) \(level)\(padding) \(record.sentence.escapedForLine)"
        for (key, value) in record.metadata {
            line += " \(key.escapedForLine)=\(quoted(value.text))"
        }
        return Array(line.utf8) + [UInt8(ascii: "\n")]
    }

    /// The text, in quotes if its end would be unclear.
    private static func quoted(_ text: String) -> String {
        let escaped = text.escapedForLine
        guard escaped.isEmpty || escaped.utf8.contains(where: { #" "="#.utf8.contains($0) }) else { return escaped }
        return "\"" + escaped.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: #"\""#) + "\""
    }
}

extension Logger.Level {
    /// The SGR parameter (ECMA-48) of the level's colour.
    fileprivate var colour: Int {
        switch self {
        case .trace, .debug: 90
        case .info, .notice: 32
        case .warning: 33
        case .error, .critical: 31
        }
    }
}

extension String {
    /// The text with escapes for all characters that could end the line, control a terminal or reorder text.
    var escapedForLine: String {
        guard unicodeScalars.contains(where: \.breaksLine) else { return self }
        var out = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": out += #"\n"#
            case "\r": out += #"\r"#
            case "\t": out += #"\t"#
            case _ where scalar.breaksLine: out += #"\u{"# + String(scalar.value, radix: 16) + "}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

extension Unicode.Scalar {
    fileprivate var breaksLine: Bool {
        switch value {
        // Line and paragraph separators; bidirectional embeddings, overrides and isolates (UAX #9).
        case 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: value < 0x20 || (0x7F...0x9F).contains(value)
        }
    }
}
