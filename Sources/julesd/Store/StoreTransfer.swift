// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Moves a store from its file to a server.
///
/// Everything happens in one transaction of the server: it creates the tables, copies every row, reads all of them back and compares
/// them. Before its commit nobody sees a store there, so after an interruption the next attempt begins anew by itself.
struct StoreTransfer {
    /// A table that both engines have.
    struct Table: Sendable {
        let name: String
        /// The column that orders the rows.
        let key: String
    }

    enum Outcome {
        case moved
        /// An earlier attempt had moved the store, and nobody has changed it there since. All rows were compared again.
        case wasMoved
    }

    /// All tables, each after those that it refers to.
    static let tables = [
        Table(name: "session", key: "number"), Table(name: "activity", key: "number"),
        Table(name: "delta", key: "seq"), Table(name: "keyed_request", key: "key"),
        Table(name: "endpoint", key: "number"), Table(name: "delivery", key: "number"),
        Table(name: "queue_entry", key: "number"), Table(name: "deleted_session", key: "id"),
        Table(name: "rule", key: "name"), Table(name: "decision", key: "number"), Table(name: "log", key: "one"),
    ]

    /// What belongs to the file alone: the marks of the folder, and how far the index for the search is made. Without a mark, the
    /// first start on the server keeps the epoch.
    static let columnsOfFile: Set = ["mark", "earlier_mark", "searchable"]

    /// The tables that a daemon without an account fills when it starts.
    private static let filledAtStart: Set = ["log", "endpoint", "rule"]

    /// How many rows or bytes are compared at once.
    private static let mostRows = 1000
    private static let mostBytes = 1 << 20

    private let source: SQLiteConnection
    private let target: PostgreSQLConnection
    private let keepsEpoch: Bool
    private let file: StoreFile
    private let report: (String) -> Void

    /// - Parameters:
    ///   - file: the store's file, which `source` is.
    ///   - target: the database.
    ///   - report: called with the present step, a clause for a person.
    init(
        of file: StoreFile, _ source: StoreFile.Moving, to target: PostgreSQLConnection,
        report: @escaping (String) -> Void
    ) {
        self.file = file
        self.source = source.connection
        keepsEpoch = source.keepsEpoch
        self.target = target
        self.report = report
    }

    /// Moves the store.
    ///
    /// - Throws: `StoreError` if the database has another store; else `StorageError`.
    func run() throws -> Outcome {
        try source.transaction {
            try target.transaction {
                let isNew = try PostgreSQLSchema.createTables(target)
                let isThere = try !isNew && wasMoved()
                if !isThere {
                    guard keepsEpoch else {
                        throw file.unready("\(file.path) is not the store that the last run left here")
                    }
                    for table in Self.tables { try copy(table) }
                }
                for table in Self.tables { try compare(table) }
                if !isThere { try target.execute("ANALYZE \(Self.tables.map(\.name).joined(separator: ", "))") }
                return isThere ? .wasMoved : .moved
            }
        }
    }

    /// What the store holds, as a clause.
    func summary() throws -> String {
        let counts = try ["session", "activity", "delta"].map { table in
            try source.first("SELECT count(*) FROM \(table)") { $0.int(0) } ?? 0
        }
        let head = try source.first("SELECT head, epoch FROM log") { "\($0.int(0)) of epoch \($0.text(1))" } ?? ""
        return "\(counts[0]) sessions, \(counts[1]) activities, \(counts[2]) changes up to \(head)"
    }

    /// Whether the database has this store as it is in the file. If it has a store without any content, that is emptied.
    private func wasMoved() throws -> Bool {
        let head = { (connection: any SQLConnection) in
            try connection.first("SELECT epoch, head, mark FROM log") {
                (log: LogHead(epoch: $0.text(0), seq: $0.int(1)), hasMark: !$0.isNull(2))
            }
        }
        let (own, found) = (try head(source), try head(target))
        if let found, found.log.epoch == own?.log.epoch {
            guard !found.hasMark, found.log == own?.log else {
                throw StoreError.refused(
                    "the database has this store already, and a daemon has used it there: set STORE, and start the daemon"
                )
            }
            return true
        }
        for table in Self.tables where !Self.filledAtStart.contains(table.name) {
            guard try target.first("SELECT 1 FROM \(table.name) LIMIT 1", [], { _ in true }) == nil else {
                throw StoreError.refused(
                    "the database has another store already: give this one a database of its own, or drop that one")
            }
        }
        let isIdle = try target.first("SELECT pg_try_advisory_xact_lock(\(PostgreSQLEngine.leaderLock))") {
            $0.int(0) == 1
        }
        guard isIdle == true else { throw StoreError.refused("a daemon uses the database: stop it first") }
        for table in Self.filledAtStart { try target.run("DELETE FROM \(table)") }
        return false
    }

    private func copy(_ table: Table) throws {
        let columns = try columns(of: table)
        var progress = try Progress("copying", table, source, report)
        try target.copy(into: table.name, columns) { append in
            try source.forEach(Self.select(columns, table, key: table.key)) { row in
                try append(row.values(columns.count))
                progress.advance()
                return true
            }
        }
        guard table.key == "number" else { return }
        try target.run(
            """
            SELECT setval(pg_get_serial_sequence('\(table.name)', 'number'), coalesce(max(number), 0) + 1, false)
            FROM \(table.name)
            """)
    }

    /// Throws unless the database has exactly the rows of the file.
    private func compare(_ table: Table) throws {
        let columns = try columns(of: table)
        var progress = try Progress("comparing", table, source, report)
        var rows: [[SQLValue]] = []
        var bytes = 0
        try source.forEach(Self.select(columns, table, key: table.key)) { row in
            let values = row.values(columns.count)
            rows.append(values)
            bytes += values.reduce(0) { $0 + $1.byteCount }
            progress.advance()
            guard rows.count == Self.mostRows || bytes >= Self.mostBytes else { return true }
            try compare(rows, columns, table)
            rows.removeAll(keepingCapacity: true)
            bytes = 0
            return true
        }
        try compare(rows, columns, table)
        let count = try target.first("SELECT count(*) FROM \(table.name)") { Int($0.int(0)) }
        guard count == progress.count else {
            throw difference(table, "has \(progress.count) rows here and \(count ?? 0) there")
        }
    }

    /// Throws unless the database has these rows, and none between them.
    private func compare(_ rows: [[SQLValue]], _ columns: [String], _ table: Table) throws {
        guard let place = columns.firstIndex(of: table.key), let first = rows.first, let last = rows.last else {
            return
        }
        var key = table.key
        // Both engines then order by bytes, whatever the database's collation is.
        if case .text = first[place] { key += " COLLATE \"C\"" }
        var index = 0
        try target.forEach(
            Self.select(columns, table, key: key, range: "WHERE \(key) >= ? AND \(key) <= ?"),
            [first[place], last[place]]
        ) { row in
            guard index < rows.count, row.values(columns.count).elementsEqual(rows[index], by: SQLValue.isStored) else {
                throw difference(table, "differs at \(table.key) \(rows[min(index, rows.count - 1)][place].shown)")
            }
            index += 1
            return true
        }
        guard index == rows.count else {
            throw difference(table, "lacks the row with \(table.key) \(rows[index][place].shown)")
        }
    }

    private func difference(_ table: Table, _ problem: String) -> StoreError {
        .fault("after the copy, the table \(table.name) \(problem); nothing was moved")
    }

    /// The columns that both engines have.
    private func columns(of table: Table) throws -> [String] {
        try source.query("SELECT name FROM pragma_table_info(?)", [.text(table.name)]) { $0.text(0) }
            .filter { !Self.columnsOfFile.contains($0) }
    }

    private static func select(_ columns: [String], _ table: Table, key: String, range: String = "") -> String {
        "SELECT \(columns.joined(separator: ", ")) FROM \(table.name) \(range) ORDER BY \(key)"
    }

    /// Tells how far a step is.
    private struct Progress {
        private let step: String
        private let total: Int
        private let report: (String) -> Void
        private(set) var count = 0

        init(
            _ verb: String, _ table: Table, _ source: SQLiteConnection, _ report: @escaping (String) -> Void
        ) throws {
            step = "\(verb) the table \(table.name)"
            total = try source.first("SELECT count(*) FROM \(table.name)") { Int($0.int(0)) } ?? 0
            self.report = report
        }

        mutating func advance() {
            count += 1
            if count % 1000 == 0 { report("\(step): \(count) of \(total) rows") }
        }
    }
}

extension SQLRow {
    fileprivate func values(_ count: Int) -> [SQLValue] { (0..<Int32(count)).map(value) }
}

extension SQLValue {
    fileprivate var byteCount: Int {
        switch self {
        case .null, .integer, .real: 8
        case .text(let text): text.utf8.count
        case .blob(let bytes): bytes.count
        }
    }

    /// A key, for a person.
    fileprivate var shown: String {
        switch self {
        case .integer(let number): "\(number)"
        case .text(let text): text
        case .null, .real, .blob: "?"
        }
    }

    /// Whether `stored`, which PostgreSQL has given, is what it makes of `given`. Two strings in Swift are equal already if they look
    /// the same.
    fileprivate static func isStored(_ stored: SQLValue, _ given: SQLValue) -> Bool {
        guard case .text(let stored) = stored, case .text(let given) = given else { return stored == given }
        return stored.utf8.elementsEqual(given.asPostgreSQLText.utf8)
    }
}
