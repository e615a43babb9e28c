// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The queue in the store.
struct QueueStore: Sendable {
    let store: SessionStore

    /// The queue is full.
    struct FullError: Error {}

    /// How many tasks may wait, and how many bytes their requests may have in total.
    static let mostEntries: Int64 = 10_000
    static let mostBytes: Int64 = 64_000_000

    /// Why an entry was not changed.
    enum EntryStateError: Error, Equatable {
        case unknown
        /// It no longer waits.
        case begun(QueueEntry.State)
    }

    /// Adds a task. If the same request came before under the same key, it adds nothing.
    ///
    /// - Returns: the id of the entry, or of the one that the key added before.
    /// - Throws: `KeyedRequests.MismatchError` if the key came with another request; `FullError`; `StoreError`.
    func add(
        _ wanted: NewSession, priority: Int, under key: IdempotencyKey?
    ) async throws -> String {
        let now = store.wallNow
        let entry = QueueEntry(wanted, priority: priority, at: now)
        let request = JSON.object(wanted.queued).bytes
        return try await store.write { [clock = store.clock] connection in
            if let key, let earlier = try connection.queued(under: key, at: clock.now) { return earlier }
            try connection.add(entry, request)
            if let key {
                try connection.run(
                    """
                    INSERT INTO keyed_request (key, target, digest, began, tried, kept, outcome, answer)
                    VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7)
                    ON CONFLICT (key) DO UPDATE SET target = excluded.target, digest = excluded.digest,
                        began = excluded.began, tried = excluded.tried, kept = excluded.kept,
                        outcome = excluded.outcome, answer = excluded.answer
                    """, .text(key.text), .text(key.target), .blob(key.digest), .integer(now.nanoseconds),
                    .integer(clock.now.nanoseconds), .text(entry.id), .blob([]))
            }
            return entry.id
        }
    }

    /// Adds the retry of a decision, and notes with the decision where it waits; `nil` if it was there already, or the decision has
    /// ended.
    ///
    /// - Throws: `FullError`.
    func add(_ wanted: NewSession, retryOf decision: String) async throws -> String? {
        var entry = QueueEntry(wanted, priority: 0, at: store.wallNow)
        entry.decision = decision
        let request = JSON.object(wanted.queued).bytes
        return try await store.write { [entry] connection in
            guard try connection.decision(decision)?.state == .waiting,
                try connection.queue("decision = ?", [.text(decision)]).isEmpty
            else { return nil }
            try connection.add(entry, request)
            try connection.run(
                "UPDATE decision SET detail = ? WHERE id = ?", .text("in the queue as \(entry.id)"), .text(decision))
            return entry.id
        }
    }

    /// The entries that wait or are starting, in the order in which they start.
    func open() async throws -> [QueueEntry] {
        try await store.read { connection in try connection.queue("ended IS NULL ORDER BY \(QueueEntry.order)", []) }
    }

    /// The entries that have ended since `time`, newest first.
    func ended(since time: Timestamp) async throws -> [QueueEntry] {
        try await store.read { connection in
            try connection.queue("ended >= ? ORDER BY ended DESC, number DESC", [.integer(time.nanoseconds)])
        }
    }

    /// The entry with this id.
    func entry(_ id: String) async throws -> QueueEntry? {
        try await store.read { connection in try connection.queue("id = ?", [.text(id)]).first }
    }

    /// The entry that is the retry of a decision.
    func entry(retryOf decision: String) async throws -> QueueEntry? {
        try await store.read { connection in try connection.queue("decision = ?", [.text(decision)]).first }
    }

    /// The request of the entry with this id.
    func request(of id: String) async throws -> JSONObject? {
        try await store.read { connection in
            try connection.first("SELECT request FROM queue_entry WHERE id = ?", [.text(id)]) {
                try JSON(parsing: $0.blob(0)).object
            } ?? nil
        }
    }

    /// The sessions created within 24 h before `now`, and those that run.
    func usage(at now: Timestamp) async throws -> TaskUsage {
        let since = now.advanced(by: .zero - TaskQuota.day)
        return try await store.readAtOnce { connection in
            TaskUsage(created: try connection.creationTimes(after: since), running: try connection.runningSessions())
        }
    }

    /// The number of entries in each state. Of those that have ended, only the last day's count.
    func counts(since time: Timestamp) async throws -> [QueueEntry.State: Int] {
        try await store.read { connection in
            let rows = try connection.query(
                "SELECT state, count(*) FROM queue_entry WHERE ended IS NULL OR ended >= ? GROUP BY state",
                [.integer(time.nanoseconds)]
            ) { (QueueEntry.State(rawValue: $0.text(0)), Int($0.int(1))) }
            return rows.reduce(into: [:]) { counts, row in if let state = row.0 { counts[state] = row.1 } }
        }
    }

    /// Changes the priority of a waiting entry.
    ///
    /// - Throws: `EntryStateError` if it does not wait.
    func setPriority(_ priority: Int, of id: String) async throws {
        try await change(id, "priority = ?", [.integer(Int64(priority))])
    }

    /// Cancels a waiting entry.
    ///
    /// - Throws: `EntryStateError` if it does not wait.
    func cancel(_ id: String) async throws {
        try await change(id, "state = 'cancelled', ended = ?", [.integer(store.wallNow.nanoseconds)]) { connection in
            try connection.endDecision(ofEntry: id, as: .dropped, "cancelled in the queue by a person")
        }
    }

    /// Records that the API is about to be asked. Returns `false` if the entry no longer waits.
    func begin(_ id: String) async throws -> Bool {
        do { try await change(id, "state = 'starting'", []) } catch is EntryStateError { return false }
        return true
    }

    /// Records the result for an entry that was starting.
    func note(_ verdict: QueueSchedule.Verdict, of id: String, session: String?, isUncertain: Bool, at now: Timestamp)
        async throws
    {
        try await store.write { connection in
            switch verdict {
            case .started(let refused):
                try connection.run(
                    "UPDATE queue_entry SET state = 'started', session = ?, detail = NULL, ended = ? WHERE id = ?",
                    SQLValue(session), .integer(now.nanoseconds), .text(id))
                try connection.endDecision(ofEntry: id, as: .done, "session \(session ?? "")", session: session)
                guard let refused else { return }
                try connection.run("UPDATE queue_entry SET refusals = refusals + 1 WHERE id = ?", .text(refused))
            case .waits(let detail):
                try connection.run(
                    """
                    UPDATE queue_entry SET state = 'waiting', uncertain = CASE ? WHEN 1 THEN 1 ELSE uncertain END, detail = ?, asked = NULL
                    WHERE id = ?
                    """,
                    .integer(isUncertain ? 1 : 0), .text(detail), .text(id))
            case .fails(let detail):
                try connection.run(
                    "UPDATE queue_entry SET state = 'failed', detail = ?, ended = ? WHERE id = ?", .text(detail),
                    .integer(now.nanoseconds), .text(id))
                try connection.endDecision(ofEntry: id, as: .failed, detail)
            case .cancelled(let detail):
                try connection.run(
                    "UPDATE queue_entry SET state = 'cancelled', detail = ?, ended = ? WHERE id = ?", .text(detail),
                    .integer(now.nanoseconds), .text(id))
                try connection.endDecision(ofEntry: id, as: .dropped, detail)
            }
        }
    }

    /// Records that Jules has certainly not started the entry.
    func noteNotStarted(_ id: String) async throws {
        try await store.write {
            try $0.run("UPDATE queue_entry SET uncertain = 0, asked = NULL WHERE id = ?", .text(id))
        }
    }

    /// Called at the start of the daemon: an entry that was starting when the daemon ended may have a session, or get one yet.
    func recover() async throws {
        try await store.write { connection in
            try connection.run(
                """
                UPDATE queue_entry SET state = 'waiting', uncertain = 1,
                    asked = (SELECT tried FROM keyed_request WHERE key = queue_entry.key)
                WHERE state = 'starting'
                """)
        }
    }

    /// - Parameter also: what else the same transaction does.
    private func change(
        _ id: String, _ assignments: String, _ values: [SQLValue],
        also: @escaping @Sendable (any SQLConnection) throws -> Void = { _ in }
    ) async throws {
        try await store.write { connection in
            try connection.run(
                "UPDATE queue_entry SET \(assignments) WHERE id = ? AND state = 'waiting'", values + [.text(id)])
            guard connection.changes == 0 else { return try also(connection) }
            let state = try connection.first("SELECT state FROM queue_entry WHERE id = ?", [.text(id)]) { $0.text(0) }
            guard let state else { throw EntryStateError.unknown }
            throw EntryStateError.begun(QueueEntry.State(rawValue: state) ?? .failed)
        }
    }
}

extension QueueEntry {
    fileprivate init(_ wanted: NewSession, priority: Int, at now: Timestamp) {
        self.init(
            id: "q\(randomToken().prefix(16))", priority: priority, queued: now, repository: wanted.repositoryKey,
            title: wanted.shortTitle)
    }

    /// Highest priority first, then oldest.
    fileprivate static let order = "priority DESC, number"
}

extension SQLConnection {
    fileprivate func add(_ entry: QueueEntry, _ request: [UInt8]) throws {
        let load = try first(
            "SELECT count(*), coalesce(sum(length(request)), 0) FROM queue_entry WHERE ended IS NULL", []
        ) { (entries: $0.int(0), bytes: $0.int(1)) }
        if let load,
            load.entries >= QueueStore.mostEntries
                || load.bytes + Int64(request.count) > QueueStore.mostBytes
        {
            throw QueueStore.FullError()
        }
        try run(
            """
            INSERT INTO queue_entry (id, state, priority, queued, repository, title, request, key, decision)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(entry.id), .text(entry.state.rawValue), .integer(Int64(entry.priority)),
            .integer(entry.queued.nanoseconds), .text(entry.repository), .text(entry.title), .blob(request),
            .text(entry.key), SQLValue(entry.decision))
    }

    fileprivate func queue(_ condition: String, _ values: [SQLValue]) throws -> [QueueEntry] {
        try query(
            """
            SELECT id, state, priority, queued, repository, title, uncertain, refusals, session, detail, ended,
                decision, (SELECT rule FROM decision WHERE decision.id = queue_entry.decision), asked
            FROM queue_entry WHERE \(condition)
            """, values
        ) { row in
            QueueEntry(
                id: row.text(0), state: QueueEntry.State(rawValue: row.text(1)) ?? .failed, priority: Int(row.int(2)),
                queued: Timestamp(nanoseconds: row.int(3)),
                repository: row.text(4), title: row.text(5), isUncertain: row.int(6) == 1,
                asked: row.intOrNil(13).map(Timestamp.init(nanoseconds:)), refusals: Int(row.int(7)),
                decision: row.textOrNil(11), rule: row.textOrNil(12), session: row.textOrNil(8),
                detail: row.textOrNil(9),
                ended: row.intOrNil(10).map(Timestamp.init(nanoseconds:)))
        }
    }

    /// The id of the entry that the key added within a day.
    fileprivate func queued(under key: IdempotencyKey, at now: Timestamp) throws -> String? {
        let oldest = now.advanced(by: .zero - KeyedRequests.memory)
        let known = try first(
            "SELECT target, digest, outcome FROM keyed_request WHERE key = ? AND kept >= ?",
            [.text(key.text), .integer(oldest.nanoseconds)]
        ) { (target: $0.text(0), digest: $0.blob(1), outcome: $0.textOrNil(2)) }
        guard let known else { return nil }
        guard known.target == key.target, known.digest == key.digest, let outcome = known.outcome else {
            throw KeyedRequests.MismatchError()
        }
        return outcome
    }
}
