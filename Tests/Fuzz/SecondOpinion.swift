// SPDX-License-Identifier: Apache-2.0

import CTime
import DaemonSupport
import Glibc

/// The results of other parsers for the same text.
enum SecondOpinion {
    /// The text without white space according to SQLite's json(); `nil` if it is not JSON.
    static func compactJSON(_ text: String) -> String? {
        database.withUnsafe { database in
            (try? database.first("SELECT CASE WHEN json_valid(?1) THEN json(?1) END", [.text(text)]) { row in
                row.isNull(0) ? nil : row.text(0)
            }) ?? nil
        }
    }

    /// The Unix time that strptime(3) reads in `text`; `nil` unless it reads the whole text.
    static func unixTime(_ text: String, format: String) -> Int64? {
        text.withCString { text in
            var parts = tm()
            guard let end = strptime(text, format, &parts), end.pointee == 0 else { return nil }
            return Int64(timegm(&parts))
        }
    }

    private static let database = Confined()
}

/// A SQLite connection for libFuzzer's only thread.
private final class Confined: @unchecked Sendable {  // There is one thread.
    private let connection = try? SQLiteConnection(path: ":memory:", mode: .readWriteCreate)

    func withUnsafe<Result>(_ body: (any SQLConnection) -> Result) -> Result {
        guard let connection else { fatalError("no database in memory") }
        return body(connection)
    }
}
