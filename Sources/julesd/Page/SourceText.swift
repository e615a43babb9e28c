// SPDX-License-Identifier: Apache-2.0

/// A style sheet or a module of the page, as it is in the tree.
struct SourceText {
    let lines: [Substring.UTF8View]

    init(_ bytes: [UInt8]) {
        lines = String(decoding: bytes, as: UTF8.self)[...].utf8
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }

    /// The text without indentation and without comments on lines of their own. Each line keeps its number, so that the line
    /// numbers in a browser are those of the tree.
    ///
    /// No string may extend over a line's end, because its indentation would be lost.
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

    /// A module also without the blanks beside punctuation, in each line up to the first string, pattern or comment.
    static func withoutBlanks(module: [UInt8]) -> [UInt8] {
        // Not beside signs: `a - -b` is another thing than `a--b`.
        let punctuation = Array("{}()[],;:=?<>|&!*".utf8)
        var isCode = true
        return module.indices.filter { index in
            let byte = module[index]
            if byte == UInt8(ascii: "\n") { isCode = true } else if "\"'`/".utf8.contains(byte) { isCode = false }
            guard isCode, byte == UInt8(ascii: " "), index > 0, index + 1 < module.count else { return true }
            return !punctuation.contains(module[index - 1]) && !punctuation.contains(module[index + 1])
        }.map { module[$0] }
    }

    /// A style sheet without the blanks beside punctuation, which have no meaning. No string in it may contain such a blank.
    static func withoutBlanks(_ style: [UInt8]) -> [UInt8] {
        let blank = UInt8(ascii: " ")
        return style.indices.filter { index in
            guard style[index] == blank, index > 0, index + 1 < style.count else { return true }
            return !":;,{".utf8.contains(style[index - 1]) && !"{}".utf8.contains(style[index + 1])
        }.map { style[$0] }
    }
}
