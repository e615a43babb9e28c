// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Shell patterns (glob(7): `*`, `?`, `[…]`) that ignore case. `!` before a pattern excludes what it matches.
///
/// A text matches if it matches one of the patterns without `!`, or if there are none, and if it matches no pattern with `!`.
struct GlobList: Sendable, Equatable {
    private var wanted: [Glob] = []
    private var excluded: [Glob] = []

    /// Adds patterns in the form of a rule's file, separated by spaces.
    ///
    /// - Returns: `false` if a quote or a bracket is not closed. Then nothing is added.
    mutating func append(_ text: String) -> Bool {
        guard let words = quotedWords(text) else { return false }
        var added = self
        for word in words {
            let isExclusion = word.first == "!"
            guard let glob = Glob(isExclusion ? String(word.dropFirst()) : word) else { return false }
            if isExclusion { added.excluded.append(glob) } else { added.wanted.append(glob) }
        }
        self = added
        return true
    }

    func matches(_ text: String) -> Bool {
        if wanted.isEmpty && excluded.isEmpty { return true }
        let folded = Array(text.lowercased().unicodeScalars)
        return (wanted.isEmpty || wanted.contains { $0.matches(folded) }) && !excluded.contains { $0.matches(folded) }
    }
}

/// One shell pattern.
private struct Glob: Sendable, Equatable {
    private enum Part: Sendable, Equatable {
        case scalar(Unicode.Scalar)
        case any
        case anything
        case set([ClosedRange<Unicode.Scalar>], negated: Bool)
    }

    private let parts: [Part]

    /// `nil` if the pattern is empty or a bracket is not closed.
    init?(_ pattern: String) {
        var rest = Array(pattern.lowercased().unicodeScalars)[...]
        guard !rest.isEmpty else { return nil }
        var parts: [Part] = []
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*": if parts.last != .anything { parts.append(.anything) }
            case "?": parts.append(.any)
            case "[":
                guard let set = Self.takeSet(&rest) else { return nil }
                parts.append(set)
            case "\\": parts.append(.scalar(rest.popFirst() ?? "\\"))
            default: parts.append(.scalar(scalar))
            }
        }
        self.parts = parts
    }

    private static func takeSet(_ rest: inout ArraySlice<Unicode.Scalar>) -> Part? {
        let negated = rest.first == "!" || rest.first == "^"
        if negated { rest.removeFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while let low = rest.popFirst() {
            // A bracket in the first place stands for itself.
            if low == "]", !ranges.isEmpty { return .set(ranges, negated: negated) }
            guard rest.first == "-", let high = rest.dropFirst().first, high != "]" else {
                ranges.append(low...low)
                continue
            }
            rest.removeFirst(2)
            guard low <= high else { return nil }
            ranges.append(low...high)
        }
        return nil
    }

    /// Goes back at most to the last `*`, so that no pattern takes longer than its length times the text's length.
    func matches(_ text: [Unicode.Scalar]) -> Bool {
        var part = 0
        var index = 0
        var star: (part: Int, index: Int)?
        while index < text.count {
            if part < parts.count, parts[part] == .anything {
                star = (part, index)
                part += 1
            } else if part < parts.count, Self.matches(parts[part], text[index]) {
                part += 1
                index += 1
            } else if let last = star {
                star = (last.part, last.index + 1)
                part = last.part + 1
                index = last.index + 1
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .anything }
    }

    private static func matches(_ part: Part, _ scalar: Unicode.Scalar) -> Bool {
        switch part {
        case .scalar(let wanted): wanted == scalar
        case .any, .anything: true
        case .set(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
        }
    }
}
