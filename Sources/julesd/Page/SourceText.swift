// SPDX-License-Identifier: Apache-2.0

/// A style sheet or a module of the page, as it stands in the tree.
struct SourceText {
    let lines: [Substring.UTF8View]

    init(_ bytes: [UInt8]) {
        lines = String(decoding: bytes, as: UTF8.self)[...].utf8
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }

    /// The text without what is for its readers: indentation, and comments on lines of their own. Each line keeps its number, so
    /// that a browser names the places that the tree has.
    ///
    /// No string may go over a line's end, because its indentation would be part of it.
    var withoutComments: [UInt8] {
        var isComment = false
        var out: [UInt8] = []
        for (index, line) in lines.enumerated() {
            if index > 0 { out.append(UInt8(ascii: "\n")) }
            let text = line.drop { $0 == UInt8(ascii: " ") }
            if isComment || text.starts(with: "/*".utf8) {
                isComment = !text.reversed().starts(with: "/*".utf8)
            } else if !text.starts(with: "//".utf8) {
                out.append(contentsOf: text)
            }
        }
        return out
    }

    /// A style sheet also without the blanks beside punctuation, where they mean nothing. No string of it may have such a blank.
    static func withoutBlanks(_ style: [UInt8]) -> [UInt8] {
        let blank = UInt8(ascii: " ")
        return style.indices.filter { index in
            guard style[index] == blank, index > 0, index + 1 < style.count else { return true }
            return !":;,{".utf8.contains(style[index - 1]) && !"{}".utf8.contains(style[index + 1])
        }.map { style[$0] }
    }
}
