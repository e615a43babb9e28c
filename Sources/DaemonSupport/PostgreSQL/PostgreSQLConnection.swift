// SPDX-License-Identifier: Apache-2.0

internal import CPostgreSQL
internal import Glibc

/// One connection to a PostgreSQL server. It belongs to one thread or actor at a time and blocks it; see ``PostgreSQLDatabase``.
///
/// No call waits longer than ``patience``: a server that does not answer in time counts as gone, and the connection is closed.
public final class PostgreSQLConnection: SQLConnection {
    /// PostgreSQL's words.
    public let dialect = SQLDialect.postgreSQL
    /// How long a connection may take to come about, and a statement to be answered.
    public var patience: Duration
    /// How many statements stay prepared. The server keeps memory for each of them.
    private static let mostStatements = 256
    /// Whether ``forEach(_:_:_:)`` gets each row only when it wants it, so that any number of them fits into memory. The connection
    /// cannot be used for anything else meanwhile.
    public var streamsRows = false
    private let library: postgresql_library
    /// `nil` once closed.
    private var handle: OpaquePointer?
    private var statements: [Statement: String] = [:]
    private var isInTransaction = false
    /// How many rows the last INSERT, UPDATE or DELETE touched.
    public private(set) var changes = 0
    /// How many rows all of them have touched.
    public private(set) var totalChanges = 0

    private struct Statement: Hashable {
        let sql: String
        let types: [UInt32]
    }

    /// Connects by a URI or a string of libpq, which may name several hosts; the first that takes writes is used unless it says otherwise.
    ///
    /// - Parameters:
    ///   - uri: <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING>
    ///   - application: the name under which the server lists the connection.
    ///   - patience: see ``patience``; each host has this time.
    /// - Throws: `PostgreSQLError`.
    public init(uri: String, application: String, patience: Duration = .seconds(10)) throws(PostgreSQLError) {
        self.patience = patience
        library = try PostgreSQLLibrary.functions()
        let seconds = max(2, patience.components.seconds)
        handle = Self.connect(
            library,
            [
                ("target_session_attrs", "read-write"), ("tcp_user_timeout", "\(seconds * 1000)"),
                ("keepalives_idle", "\(seconds)"), ("connect_timeout", "\(seconds)"), ("dbname", uri),
                ("fallback_application_name", application), ("client_encoding", "UTF8"),
            ])
        guard let handle else { throw PostgreSQLError(sqlState: nil, message: "out of memory") }
        guard Int(library.status(handle)) == POSTGRESQL_OK else { throw lose(nil).withoutPartOfPassword(in: uri) }
        _ = library.set_notice_processor(handle, { _, _ in }, nil)
        _ = library.set_nonblocking(handle, 1)
        // A client that is stopped within a transaction holds its locks no longer than this.
        try execute(
            """
            SET statement_timeout = '\(seconds)s'; SET lock_timeout = '\(seconds)s'; SET standard_conforming_strings = on;
            SET idle_in_transaction_session_timeout = '\(min(seconds, 3))s'; SET TimeZone = 'UTC';
            SET default_transaction_isolation = 'read committed'
            """)
    }

    deinit { close() }

    /// Closes the connection; a transaction under way is rolled back.
    public func close() {
        if let handle { library.finish(handle) }
        handle = nil
    }

    /// Whether the connection can still be used.
    public var isOpen: Bool { handle != nil }

    /// The server's version, like 150018 for 15.18.
    public var serverVersion: Int { handle.map { Int(library.server_version($0)) } ?? 0 }

    /// Runs one statement or many, without values.
    public func execute(_ sql: String) throws(PostgreSQLError) {
        let handle = try open(sql)
        guard library.send_query(handle, sql) == 1 else { throw lose(sql) }
        _ = try result(of: sql)
    }

    /// Runs one statement to its end. It stays prepared for later calls.
    public func run(_ sql: String, _ values: [SQLValue]) throws {
        _ = try answer(sql, values)
    }

    /// Reads all rows, then calls `row` for each until it returns false.
    public func forEach(_ sql: String, _ values: [SQLValue], _ row: (SQLRow) throws -> Bool) throws {
        if streamsRows { return try stream(sql, values, row) }
        let result = try answer(sql, values)
        for number in 0..<result.rowCount {
            let current = SQLRow(source: PostgreSQLRow(result: result, number: number))
            guard try row(current) else { return }
        }
    }

    /// A transaction at READ COMMITTED: each statement sees what has committed before it.
    public func transaction<T>(_ body: () throws -> T) throws -> T {
        try execute("BEGIN")
        isInTransaction = true
        defer { isInTransaction = false }
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            if isOpen { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// Waits for notifications on the channels that the connection listens on (LISTEN), and returns their payloads; none if the time is over.
    public func notifications(within time: Duration) throws(PostgreSQLError) -> [String] {
        let handle = try open(nil)
        let end = ContinuousClock.now + time
        var payloads: [String] = []
        repeat {
            while let notification = library.notifies(handle) {
                payloads.append(String(cString: notification.pointee.payload))
                library.free_memory(notification)
            }
            if !payloads.isEmpty { return payloads }
            guard try wait(for: POLLIN, until: end, sql: nil) else { return [] }
            guard library.consume_input(handle) == 1 else { throw lose(nil) }
        } while true
    }

    /// Appends rows to a table with COPY in binary form
    /// (<https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4>).
    ///
    /// - Parameter fill: calls its argument with each row, which has a value for each of the columns.
    /// - Throws: What `fill` throws, and `PostgreSQLError`. No row stays then.
    public func copy(
        into table: String, _ columns: [String], _ fill: (_ append: ([SQLValue]) throws -> Void) throws -> Void
    ) throws {
        let sql = "COPY \(table) (\(columns.joined(separator: ", "))) FROM STDIN (FORMAT binary)"
        let handle = try open(sql)
        guard library.send_query(handle, sql) == 1 else { throw lose(sql) }
        try flush(handle, sql)
        _ = try nextResult(handle, sql)
        var rows = PostgreSQLCopyRows()
        do {
            try fill { row in
                rows.append(row)
                if rows.isLong { try put(&rows, handle, sql) }
            }
            rows.end()
            try put(&rows, handle, sql)
        } catch {
            if isOpen, library.put_copy_end(handle, "given up") == 1 { discard(handle) }
            throw error
        }
        guard library.put_copy_end(handle, nil) == 1 else { throw lose(sql) }
        _ = try result(of: sql)
    }

    /// Sends rows, and waits until the server has taken them: libpq itself would take any number of them into memory.
    private func put(
        _ rows: inout PostgreSQLCopyRows, _ handle: OpaquePointer, _ sql: String
    ) throws(PostgreSQLError) {
        let sent = rows.withBytes { library.put_copy_data(handle, $0, Int32($1)) }
        guard sent == 1 else { throw lose(sql) }
        rows.removeAll()
        try flush(handle, sql)
    }

    private func answer(_ sql: String, _ values: [SQLValue]) throws(PostgreSQLError) -> PostgreSQLResult {
        try send(sql, values)
        let result = try result(of: sql)
        if !result.hasRows {
            changes = result.changes
            totalChanges += changes
        }
        return result
    }

    private func stream(_ sql: String, _ values: [SQLValue], _ row: (SQLRow) throws -> Bool) throws {
        try send(sql, values)
        let handle = try open(sql)
        _ = library.set_single_row_mode(handle)
        try flush(handle, sql)
        while let result = try nextResult(handle, sql) {
            guard result.rowCount > 0 else { continue }
            var isWanted = false
            // The rest has to be read before the connection can be used again.
            defer { if !isWanted, isOpen { discard(handle) } }
            isWanted = try row(SQLRow(source: PostgreSQLRow(result: result, number: 0)))
            guard isWanted else { return }
        }
    }

    private func send(_ sql: String, _ values: [SQLValue]) throws(PostgreSQLError) {
        let handle = try open(sql)
        let parameters = PostgreSQLParameters(values)
        let name = try prepare(sql, parameters.types)
        let sent = parameters.withPointers { values, lengths, formats in
            library.send_query_prepared(handle, name, Int32(parameters.count), values, lengths, formats, 1)
        }
        guard sent == 1 else { throw lose(sql) }
    }

    private func prepare(_ sql: String, _ types: [UInt32]) throws(PostgreSQLError) -> String {
        let statement = Statement(sql: sql, types: types)
        if let name = statements[statement] { return name }
        if statements.count == Self.mostStatements {
            try execute("DEALLOCATE ALL")
            statements = [:]
        }
        let handle = try open(sql)
        let name = "s\(statements.count)"
        guard library.send_prepare(handle, name, sql.withNumberedPlaceholders, Int32(types.count), types) == 1 else {
            throw lose(sql)
        }
        _ = try result(of: sql)
        statements[statement] = name
        return name
    }

    /// The last result of what has been sent.
    private func result(of sql: String) throws(PostgreSQLError) -> PostgreSQLResult {
        let handle = try open(sql)
        let end = ContinuousClock.now + patience
        try flush(handle, sql, until: end)
        var last: PostgreSQLResult?
        while let result = try nextResult(handle, sql, until: end) { last = result }
        guard let last else { throw lose(sql) }
        return last
    }

    /// Sends everything that waits to be sent.
    private func flush(
        _ handle: OpaquePointer, _ sql: String, until end: ContinuousClock.Instant? = nil
    ) throws(PostgreSQLError) {
        let end = end ?? .now + patience
        while true {
            let state = library.flush(handle)
            guard state >= 0 else { throw lose(sql) }
            guard state == 1 else { return }
            guard try wait(for: POLLIN | POLLOUT, until: end, sql: sql) else { throw giveUp(sql) }
            guard library.consume_input(handle) == 1 else { throw lose(sql) }
        }
    }

    /// The next result of what has been sent; `nil` after the last one.
    private func nextResult(
        _ handle: OpaquePointer, _ sql: String, until end: ContinuousClock.Instant? = nil
    ) throws(PostgreSQLError) -> PostgreSQLResult? {
        let end = end ?? .now + patience
        while library.is_busy(handle) == 1 {
            guard try wait(for: POLLIN, until: end, sql: sql) else { throw giveUp(sql) }
            guard library.consume_input(handle) == 1 else { throw lose(sql) }
        }
        guard let pointer = library.get_result(handle) else { return nil }
        let result = PostgreSQLResult(pointer, library)
        let good = [POSTGRESQL_COMMAND, POSTGRESQL_TUPLES, POSTGRESQL_ONE_ROW, POSTGRESQL_COPY_IN]
        guard !good.contains(Int(library.result_status(pointer))) else { return result }
        let error = result.error(in: sql)
        let isLost = error.isConnectionLost || Int(library.status(handle)) != POSTGRESQL_OK
        if isLost { close() } else { discard(handle) }
        throw error
    }

    /// Reads what is left of an answer that has failed.
    private func discard(_ handle: OpaquePointer) {
        while let pointer = library.get_result(handle) { library.clear(pointer) }
    }

    /// Waits until the socket is ready; false if it is not in time.
    private func wait(for events: Int32, until end: ContinuousClock.Instant, sql: String?) throws(PostgreSQLError)
        -> Bool
    {
        let handle = try open(sql)
        var request = pollfd(fd: library.socket(handle), events: Int16(events), revents: 0)
        while true {
            let left = max(.zero, end - .now)
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            let count = poll(&request, 1, Int32(clamping: milliseconds))
            if count > 0 { return true }
            if count == 0 { return false }
            guard errno == EINTR else { throw lose(sql) }
        }
    }

    private func open(_ sql: String?) throws(PostgreSQLError) -> OpaquePointer {
        guard let handle else { throw .closed(sql: sql) }
        return handle
    }

    /// Closes the connection and says what libpq says of it.
    private func lose(_ sql: String?) -> PostgreSQLError {
        let message = handle.flatMap { library.error_message($0) }.map { String(cString: $0).trimmed }
        close()
        return PostgreSQLError(sqlState: nil, message: message ?? "the connection is closed", sql: sql)
    }

    private func giveUp(_ sql: String) -> PostgreSQLError {
        close()
        return .noAnswer(within: patience, sql: sql)
    }

    private static func connect(_ library: postgresql_library, _ options: [(String, String)]) -> OpaquePointer? {
        let keys = options.map { strdup($0.0) }
        let values = options.map { strdup($0.1) }
        defer { (keys + values).forEach { free($0) } }
        return library.connect(
            keys.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil], 1)
    }
}

extension String {
    /// The statement with PostgreSQL's `$1` for each `?` or `?1`. Quoted text stays as it is.
    var withNumberedPlaceholders: String {
        var text = ""
        var count = 0
        var quote: Character?
        var rest = self[...]
        while let character = rest.popFirst() {
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == "?" {
                let digits = rest.prefix(while: \.isNumber)
                rest.removeFirst(digits.count)
                count += 1
                text += "$" + (digits.isEmpty ? "\(count)" : String(digits))
                continue
            }
            text.append(character)
        }
        return text
    }
}
