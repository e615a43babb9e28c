// SPDX-License-Identifier: Apache-2.0

/// Text from agents, issues and repositories, made safe for a terminal.
///
/// Control characters could move the cursor or set the terminal's title, and marks of writing direction could reorder
/// the text. Each one becomes `·`. Tabs become spaces. Line ends become spaces too, unless `keepingLines` is true.
func safeText(_ text: String, keepingLines: Bool = false) -> String {
    var safe = ""
    for scalar in text.unicodeScalars {
        switch scalar.value {
        case 0x0A where keepingLines: safe.unicodeScalars.append(scalar)
        case 0x0D where keepingLines: break
        case 0x09, 0x0A, 0x0D, 0x2028, 0x2029: safe += " "
        case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: safe += "·"
        default: safe.unicodeScalars.append(scalar)
        }
    }
    return safe
}

/// The first line that is not blank, made safe for a terminal.
func firstLine(_ text: String) -> String {
    safeText(String(text.split(whereSeparator: \.isNewline).first { !$0.allSatisfy(\.isWhitespace) } ?? ""))
}
