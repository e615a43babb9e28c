// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Connects a database file to its folder and to its write-ahead log.
///
/// Each start writes a new mark into the file, into every write-ahead log that belongs to it, and into a small file beside
/// it. A write-ahead log without the file's mark belongs to another file. If a file does not have the folder's mark, or its
/// log ends before the highest published `seq`, the last run did not leave it here: it may be an older copy.
struct StoreMark: Equatable, Sendable {
    let text: String
    /// The highest `seq` that was published.
    let told: Int64

    static func fresh(told: Int64) -> StoreMark { StoreMark(text: String(randomToken().prefix(32)), told: told) }

    init(text: String, told: Int64) {
        self.text = text
        self.told = told
    }

    /// The mark of a folder; `nil` if there is none or it cannot be read.
    init?(readFrom path: String) {
        guard let bytes = try? FileContents.read(path, waiting: false) else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let told = Int64(words[1]) else { return nil }
        self.init(text: String(words[0]), told: told)
    }

    /// Always the same number of bytes, so that a mark can be written over another.
    var bytes: [UInt8] {
        let number = String(told)
        return Array("\(text) \(String(repeating: "0", count: max(0, 19 - number.count)))\(number)\n".utf8)
    }

    /// Whether a file that has these marks and ends at `head` is the one with which this mark was left.
    func isOf(_ marks: (newest: String?, earlier: String?), head: Int64) -> Bool {
        (text == marks.newest || text == marks.earlier) && told <= head
    }
}

/// What a database file is by itself, without its write-ahead log.
enum StoreFileKind: Equatable {
    case absent
    /// Damaged, or newer than this release. SQLite and the migrator report the details.
    case unreadable
    /// The file of another program.
    case foreign
    case ours(mark: String?)

    init(of path: String) {
        guard FileSystem.size(path) > 0 else {
            self = .absent
            return
        }
        do {
            let connection = try SQLiteConnection(path: path, mode: .alone)
            let version = try Schema.migrator.version(of: connection)
            self = .ours(
                mark: version == 0 ? nil : try connection.first("SELECT mark FROM log") { $0.textOrNil(0) } ?? nil)
        } catch MigrationError.foreign {
            self = .foreign
        } catch {
            self = .unreadable
        }
    }

    /// Whether the write-ahead log beside this file belongs to another file.
    ///
    /// - Parameters:
    ///   - folder: the mark that was left in the folder.
    ///   - holds: whether the log contains a mark.
    func isStray(folder: StoreMark?, store holds: (String) throws -> Bool) rethrows -> Bool {
        switch self {
        // SQLite would delete the log.
        case .absent: true
        // This log may repair the file. Nothing is written before both have been checked.
        case .unreadable: false
        case .foreign: try folder.map { try holds($0.text) } ?? false
        case .ours(nil): true
        case .ours(let mark?): try !holds(mark)
        }
    }
}
