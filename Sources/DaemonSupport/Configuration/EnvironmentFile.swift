// SPDX-License-Identifier: Apache-2.0

/// A file of `KEY=VALUE` lines in the syntax of `EnvironmentFile=` (systemd.exec(5)), read more strictly than systemd does.
///
/// As in systemd, comments are separate lines that start with `#` or `;`, values may be in single or double quotes, and
/// a backslash escapes the next character or joins two lines. A leading `export ` is accepted too. Three things that
/// systemd ignores or takes literally are faults here: a line without `=`, an open quote, and a comment after a value.
public struct EnvironmentFile: Sendable, Equatable {
    /// One `KEY=VALUE`.
    public struct Assignment: Sendable, Equatable {
        /// The name, without `export`.
        public var key: String
        /// The value without its quotes and escapes.
        public var value: String
        /// The line on which the assignment starts, counted from 1.
        public var line: Int
    }

    /// What is wrong with a line. The text never quotes the line, because the line may hold a secret.
    public struct Fault: Sendable, Equatable {
        /// The line, counted from 1.
        public var line: Int
        /// A clause that says what is wrong and how to correct it.
        public var reason: String
    }

    /// All assignments in order. If a key is repeated, the last one counts.
    public private(set) var assignments: [Assignment] = []
    /// All faults in order.
    public private(set) var faults: [Fault] = []

    /// Reads the file's bytes. After a faulty line, reading goes on with the next line.
    public init(_ bytes: [UInt8]) {
        var parser = EnvironmentFileParser(bytes)
        while let item = parser.next() {
            switch item {
            case .assignment(let assignment): assignments.append(assignment)
            case .fault(let fault): faults.append(fault)
            }
        }
    }
}

/// Reads one assignment after the other.
private struct EnvironmentFileParser {
    enum Item {
        case assignment(EnvironmentFile.Assignment)
        case fault(EnvironmentFile.Fault)
    }

    private let bytes: [UInt8]
    private var index: Int
    private var line = 1

    init(_ bytes: [UInt8]) {
        let bytes = bytes.withoutByteOrderMark
        // Like systemd, treat a carriage return as a line end.
        var normalized: [UInt8] = []
        normalized.reserveCapacity(bytes.count)
        for (index, byte) in bytes.enumerated() {
            guard byte == UInt8(ascii: "\r") else {
                normalized.append(byte)
                continue
            }
            if index + 1 == bytes.count || bytes[index + 1] != UInt8(ascii: "\n") {
                normalized.append(UInt8(ascii: "\n"))
            }
        }
        self.bytes = normalized
        index = 0
    }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func advance() -> UInt8? {
        guard let byte = current else { return nil }
        if byte == UInt8(ascii: "\n") { line += 1 }
        index += 1
        return byte
    }

    private mutating func skipLine() {
        while let byte = advance(), byte != UInt8(ascii: "\n") {}
    }

    private mutating func skip(while isSkipped: (UInt8) -> Bool) {
        while let byte = current, isSkipped(byte) { _ = advance() }
    }

    mutating func next() -> Item? {
        while true {
            skip { $0 == UInt8(ascii: "\n") || $0.isBlank }
            guard let first = current else { return nil }
            guard first == UInt8(ascii: "#") || first == UInt8(ascii: ";") else { break }
            skipLine()
        }
        let start = line
        let begin = index
        skip { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "\n") }
        let name = key(bytes[begin..<index])
        guard current == UInt8(ascii: "=") else {
            return fault(start, "the line has no \"=\": write KEY=VALUE, or begin a comment with #")
        }
        index += 1
        do {
            let value = try value()
            guard let name else {
                return fault(start, "what stands before the \"=\" is no key: letters, digits and _ only")
            }
            guard !value.contains(0) else { return fault(start, "\(name) has a NUL byte in its value") }
            guard let text = String(validating: value, as: UTF8.self) else {
                return fault(start, "\(name) has a value that is not UTF-8")
            }
            return .assignment(.init(key: name, value: text, line: start))
        } catch {
            return fault(start, "\(name ?? "the line") \(error.reason)")
        }
    }

    private func fault(_ line: Int, _ reason: String) -> Item { .fault(.init(line: line, reason: reason)) }

    private func key(_ text: ArraySlice<UInt8>) -> String? {
        var words = text.split(whereSeparator: \.isBlank)
        if words.count == 2, words[0].elementsEqual("export".utf8) { words.removeFirst() }
        guard words.count == 1, let first = words[0].first, !first.isDigit, words[0].allSatisfy(\.isNameByte) else {
            return nil
        }
        return String(decoding: words[0], as: UTF8.self)
    }

    private struct LineError: Error {
        let reason: String
    }

    /// Reads up to and including the line end. If it throws, it has skipped the rest of the line.
    private mutating func value() throws(LineError) -> [UInt8] {
        var value: [UInt8] = []
        /// The length of the value without the blanks at its end.
        var kept = 0
        /// Quotes count at the start of the value and directly after another quoted part. Elsewhere they are literal.
        var quotesCount = true
        var afterBlank = false
        while let byte = advance() {
            switch byte {
            case UInt8(ascii: "\n"):
                value.removeLast(value.count - kept)
                return value
            case UInt8(ascii: "'") where quotesCount, UInt8(ascii: "\"") where quotesCount:
                try quoted(by: byte, into: &value)
                kept = value.count
                afterBlank = false
            case UInt8(ascii: "\\"):
                if let escaped = advance(), escaped != UInt8(ascii: "\n") { value.append(escaped) }
                (kept, quotesCount, afterBlank) = (value.count, false, false)
            case UInt8(ascii: "#") where afterBlank:
                skipLine()
                throw LineError(
                    reason: "has \" #\" in its value: put the comment on a line of its own, or the value into quotes")
            case _ where byte.isBlank:
                if !quotesCount { value.append(byte) }
                afterBlank = true
            default:
                value.append(byte)
                (kept, quotesCount, afterBlank) = (value.count, false, false)
            }
        }
        value.removeLast(value.count - kept)
        return value
    }

    private mutating func quoted(by quote: UInt8, into value: inout [UInt8]) throws(LineError) {
        let (begin, opened) = (index, line)
        while let byte = advance() {
            if byte == quote { return }
            guard byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") else {
                value.append(byte)
                continue
            }
            guard let escaped = advance() else { break }
            // As in a shell: within double quotes a backslash is removed only before these characters, and before a
            // line end together with it.
            if escaped == UInt8(ascii: "\n") { continue }
            if !"\"\\`$".utf8.contains(escaped) { value.append(byte) }
            value.append(escaped)
        }
        // Go on after the line with the open quote. Otherwise one fault would hide all following lines.
        (index, line) = (begin, opened)
        skipLine()
        throw LineError(reason: "has a quote that is not closed")
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    fileprivate var isNameByte: Bool {
        isDigit || self == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
