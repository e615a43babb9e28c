// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Text of others for a message: it must be shown unchanged, whatever the receiver treats as markup.
///
/// All of these functions work on Unicode scalars: an asterisk with an accent is one character, but a parser sees an
/// asterisk.
extension String {
    /// The first `characters` characters, or fewer if they need more than `bytes` bytes of UTF-8. If something is left out,
    /// the last one is `…`. `nil` if there is room for none. No character is cut in two.
    func shortened(characters: Int, bytes: Int) -> String? {
        if utf8.count <= bytes && count <= characters { return self }
        var kept = ""
        var room = bytes - "…".utf8.count
        for character in prefix(characters - 1) {
            room -= character.utf8.count
            guard room >= 0 else { break }
            kept.append(character)
        }
        return kept.isEmpty ? nil : kept + "…"
    }

    /// Without control characters, and without characters that change the direction of text.
    var printable: String {
        let scalars = unicodeScalars.filter { scalar in
            scalar.properties.generalCategory != .control && !scalar.properties.isBidiControl
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// The text for a header field: ASCII unchanged, anything else in encoded words (RFC 2047 §2).
    var headerWords: String {
        if utf8.allSatisfy({ (0x20...0x7E).contains($0) }), !contains("=?") { return self }
        // A word has at most 75 characters, 12 of them around the base64, and no scalar is split between two words.
        var words: [[UInt8]] = [[]]
        for scalar in unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if words[words.count - 1].count + bytes.count > 45 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?UTF-8?B?\(Base64.encode($0))?=" }.joined(separator: " ")
    }

    /// The three characters that Slack treats as control characters in every text object
    /// (<https://docs.slack.dev/messaging/formatting-message-text#escaping>).
    var escapedForSlack: String {
        unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// With Discord's Markdown characters escaped.
    var escapedForDiscord: String {
        unicodeScalars.reduce(into: "") { text, scalar in
            if "\\*_~`|<>#[]()@:/-".unicodeScalars.contains(scalar) { text.append("\\") }
            text.unicodeScalars.append(scalar)
        }
    }

    /// Without characters that Slack, Mattermost or Rocket.Chat treat as markup, a mention, an emoji or a link.
    ///
    /// An escape for one of them would be visible in another. So each such character is replaced by one that looks like it.
    var withoutMarkup: String {
        var text = ""
        // The first character of a line can begin a list or a heading. An invisible word joiner before it prevents that.
        if let first = unicodeScalars.first, !first.properties.isAlphabetic { text = "\u{2060}" }
        let scalars = Array(unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            let next = index + 1 < scalars.count ? scalars[index + 1] : " "
            switch scalar {
            // An emoji's name, or a URL's scheme.
            case ":" where !next.properties.isWhitespace: text += "\u{A789}"
            // A host name.
            case "." where next.properties.isAlphabetic: text += "\u{2024}"
            default:
                if let other = Self.lookalikes[scalar] { text += other } else { text.unicodeScalars.append(scalar) }
            }
        }
        return text
    }

    private static let lookalikes: [Unicode.Scalar: String] = [
        "*": "\u{2217}", "_": "\u{FF3F}", "~": "\u{223C}", "`": "\u{2CB}", "#": "\u{FF03}", "@": "\u{FF20}",
        "[": "\u{FF3B}", "]": "\u{FF3D}", "<": "\u{2039}", ">": "\u{203A}", "&": "\u{FF06}", "\\": "\u{FF3C}",
        "|": "\u{FF5C}", "$": "\u{FF04}",
    ]
}
