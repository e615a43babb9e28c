// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A patch in git's form, cut into files and hunks. Its bytes stay unchanged, because `git apply` needs them.
struct Patch: Sendable, Equatable {
    struct File: Sendable, Equatable {
        let path: String
        /// `added`, `deleted`, `renamed` or `modified`.
        let status: String
        let added: Int
        let removed: Int
        /// The lines before the first hunk.
        let header: ArraySlice<UInt8>
        let hunks: [ArraySlice<UInt8>]
    }

    let files: [File]

    init(_ text: String) {
        var bytes = Array(text.utf8)
        if bytes.last != 0x0A, !bytes.isEmpty { bytes.append(0x0A) }
        var files: [File] = []
        var reading = FileReading()
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
            let line = bytes[start..<end]
            if line.starts(with: "diff --git ".utf8), let file = reading.file(in: bytes, end: start) {
                files.append(file)
                reading = FileReading()
            }
            reading.take(line)
            start = end
        }
        if let file = reading.file(in: bytes, end: bytes.count) { files.append(file) }
        self.files = files
    }

    private init(files: [File]) { self.files = files }

    /// The part for one file.
    func only(_ path: String) -> Patch { Patch(files: files.filter { $0.path == path }) }

    /// The length of the whole in characters, with each file's header counted once.
    var characters: Int {
        files.reduce(0) { $0 + Self.characters($1.header) + $1.hunks.reduce(0) { $0 + Self.characters($1) } }
    }

    /// A position between two parts.
    struct Place: Sendable, Equatable {
        /// The number of hunks before it, over all files. A file without hunks counts as one.
        var piece = 0
        /// The number of bytes already sent of a hunk that is longer than a part.
        var offset = 0
    }

    /// The part that begins at `place`: as many hunks as fit into `limit` characters, each file with its header. A hunk that
    /// does not fit into a part is cut.
    func part(from place: Place, limit: Int) -> (text: String, next: Place?) {
        let pieces = files.enumerated().flatMap { number, file in
            (file.hunks.isEmpty ? [[]] : file.hunks).map { (file: number, header: file.header, hunk: $0) }
        }
        var bytes: [UInt8] = []
        var left = limit
        var lastFile: Int?
        var next = place
        while next.piece < pieces.count {
            let piece = pieces[next.piece]
            let whole = (piece.file == lastFile ? [] : Array(piece.header)) + piece.hunk
            let rest = whole.dropFirst(next.offset)
            let count = Self.characters(rest)
            if count > left {
                if bytes.isEmpty {
                    let cut = rest.prefix(characters: left)
                    bytes += cut
                    next.offset += cut.count
                }
                return (String(decoding: bytes, as: UTF8.self), next)
            }
            bytes += rest
            left -= count
            lastFile = piece.file
            next = Place(piece: next.piece + 1)
        }
        return (String(decoding: bytes, as: UTF8.self), nil)
    }

    private static func characters(_ bytes: some Sequence<UInt8>) -> Int {
        bytes.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
    }
}

extension ArraySlice<UInt8> {
    /// The first `count` characters, and at least one.
    fileprivate func prefix(characters count: Int) -> ArraySlice<UInt8> {
        var seen = 0
        for index in indices where self[index] & 0xC0 != 0x80 {
            if seen == Swift.max(1, count) { return self[startIndex..<index] }
            seen += 1
        }
        return self
    }
}

/// One file of a patch, while it is read line by line.
private struct FileReading {
    private var starts: [Int] = []
    private var begin: Int?
    private var path = ""
    private var status = "modified"
    private var added = 0
    private var removed = 0

    mutating func take(_ line: ArraySlice<UInt8>) {
        if begin == nil { begin = line.startIndex }
        if line.starts(with: "@@ ".utf8) { return starts.append(line.startIndex) }
        if starts.isEmpty { return takeHeader(String(decoding: line, as: UTF8.self)) }
        if line.first == UInt8(ascii: "+") { added += 1 }
        if line.first == UInt8(ascii: "-") { removed += 1 }
    }

    private mutating func takeHeader(_ text: String) {
        let line = text.unicodeScalars.last == "\n" ? String(text.unicodeScalars.dropLast()) : text
        func rest(_ prefix: String) -> String? { line.hasPrefix(prefix) ? String(line.dropFirst(prefix.count)) : nil }
        if rest("new file mode") != nil { status = "added" }
        if rest("deleted file mode") != nil { status = "deleted" }
        if let to = rest("rename to ") { (status, path) = ("renamed", to) }
        if let old = rest("--- a/"), path.isEmpty { path = old }
        if let new = rest("+++ b/") { path = new }
        if let names = rest("diff --git "), let last = names.split(separator: " b/").last { path = String(last) }
    }

    /// The file that ends before `end`; `nil` if no line has been read.
    func file(in bytes: [UInt8], end: Int) -> Patch.File? {
        guard let begin else { return nil }
        let borders = starts + [end]
        return Patch.File(
            path: path, status: status, added: added, removed: removed, header: bytes[begin..<borders[0]],
            hunks: zip(borders, borders.dropFirst()).map { bytes[$0..<$1] })
    }
}
