// SPDX-License-Identifier: Apache-2.0

/// A table that fits the terminal.
///
/// The last column gets the rest of the width and is cut there. Without a width nothing is cut, so that a script gets
/// whole values.
struct Table {
    struct Cell {
        var text: String
        var look: Style.Look?

        init(_ text: String, _ look: Style.Look? = nil) {
            self.text = text
            self.look = look
        }
    }

    var header: [String]
    /// A column that is cut too if the last one would be narrower than 24; `nil` if there is none.
    var narrowing: Int?
    var rows: [[Cell]] = []

    init(_ header: [String], narrowing column: String? = nil) {
        self.header = header
        narrowing = column.flatMap(header.firstIndex(of:))
    }

    /// The lines of the table. They are at most `width` columns wide if the columns allow it.
    func lines(width: Int?, style: Style) -> [String] {
        let all = [header.map { Cell($0, .faint) }] + rows
        let widths = columnWidths(of: all, within: width)
        return all.map { row in
            zip(row, widths).enumerated().map { column, pair in
                let (cell, width) = pair
                let text = width.map { truncated(cell.text, to: $0) } ?? cell.text
                let isLast = column == row.count - 1
                let padding = isLast ? 0 : max(0, (width ?? 0) - displayWidth(text)) + 2
                return style(cell.look, text) + String(repeating: " ", count: padding)
            }.joined()
        }
    }

    /// The width of each column; `nil` means no limit.
    private func columnWidths(of rows: [[Cell]], within width: Int?) -> [Int?] {
        var widths: [Int?] = header.indices.map { column in rows.map { displayWidth($0[column].text) }.max() }
        widths[widths.count - 1] = nil
        guard let width else { return widths }
        func rest() -> Int { width - widths.dropLast().reduce(0) { $0 + ($1 ?? 0) + 2 } }
        if let narrowing, let present = widths[narrowing], rest() < 24 {
            widths[narrowing] = max(8, present - (24 - rest()))
        }
        widths[widths.count - 1] = max(4, rest())
        return widths
    }
}

/// Cuts `text` to `width` columns. `…` at the end shows that it was cut.
func truncated(_ text: String, to width: Int) -> String {
    guard displayWidth(text) > width else { return text }
    var cut = ""
    var used = 0
    for character in text {
        let next = displayWidth(String(character))
        guard used + next < width else { break }
        cut.append(character)
        used += next
    }
    return cut + "…"
}

/// The number of terminal columns of `text`: two for an East Asian wide character or an emoji (Unicode Standard Annex
/// #11), none for a combining mark.
func displayWidth(_ text: String) -> Int {
    text.reduce(0) { width, character in
        width
            + (character.unicodeScalars.contains(where: \.isWide)
                ? 2 : character.unicodeScalars.allSatisfy(\.isZeroWidth) ? 0 : 1)
    }
}

extension Unicode.Scalar {
    fileprivate var isWide: Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD:
            true
        default: properties.isEmojiPresentation
        }
    }

    fileprivate var isZeroWidth: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: true
        default: false
        }
    }
}
