// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Finds out which of the instances that share a store leads, and follows what the others write.
///
/// The leader is the instance whose link holds an advisory lock of the server. It counts up the term in the store, which each of
/// its transactions checks. It also uses its link all the time: a link that has been silent for too long belongs to an instance
/// that is stopped or cut off, and the others end it, which frees the lock.
final class Leadership: Sendable {
    /// How often the lock is tried, and used by its holder.
    static let interval = Duration.seconds(1)
    /// A holder that has been silent for this time has lost the lead.
    static let longestSilence = Duration.seconds(5)

    private struct State {
        var term: Int64?
        var leader: String?
        /// Since when the store cannot be reached; `nil` if it can.
        var awaySince: Timestamp?
    }

    private let store: SessionStore
    private let engine: PostgreSQLEngine
    private let idle: @Sendable () -> Void
    private let logger: Logger
    private let state = Mutex(State())
    private let changed = WakeSignal()

    /// - Parameter idle: called about once a second while this instance does not lead.
    init(store: SessionStore, engine: PostgreSQLEngine, idle: @escaping @Sendable () -> Void, logger: Logger) {
        self.store = store
        self.engine = engine
        self.idle = idle
        self.logger = logger
    }

    /// The name of the instance that leads; `nil` if none is known to.
    var leader: String? { state.withLock(\.leader) }

    /// Whether this instance leads.
    var isLeading: Bool { state.withLock { $0.term != nil } }

    /// Since when the store cannot be reached; `nil` if it can.
    var awaySince: Timestamp? { state.withLock(\.awaySince) }

    /// Runs `body` while this instance leads, again each time it becomes the leader, until the task is cancelled.
    func whileLeading(_ body: @escaping @Sendable () async -> Void) async {
        while !Task.isCancelled {
            guard let term = state.withLock(\.term) else {
                _ = await changed.sleep(Self.interval)
                continue
            }
            await withTaskGroup { group in
                group.addTask { await LeaderTerm.$current.withValue(term) { await body() } }
                group.addTask { [self] in
                    while !Task.isCancelled, state.withLock({ $0.term == term }) {
                        _ = await changed.sleep(Self.interval)
                    }
                }
                await group.next()
                group.cancelAll()
            }
        }
    }

    /// Follows the other instances, and tries to lead, until the task is cancelled. Then another instance can lead at once.
    ///
    /// - Parameter heard: called with what another instance has announced.
    func run(heard: @escaping @Sendable (Announcement) async -> Void) async {
        var next = Duration.zero
        while !Task.isCancelled {
            if !isLeading { idle() }
            do {
                // First, because the writer's connection is the one that prepares a store after another server took over.
                try await store.catchUp()
                if .monotonic >= next {
                    try await lookAtLock()
                    next = .monotonic + Self.interval
                }
                note(away: false)
                let pause = max(.zero, next - .monotonic)
                // A blocking wait, on the link's own thread.
                let texts = try await engine.link.withConnection { try $0.notifications(within: pause) }
                for announcement in texts.compactMap({ Announcement($0, notFrom: engine.run) }) {
                    await heard(announcement)
                }
            } catch {
                if let error = error as? any StorageError { store.health.note(error) }
                lose("\(error)")
                note(away: true)
                await engine.disconnect()
                try? await Task.sleep(for: Self.interval)
            }
        }
        state.withLock { $0.term = nil }
        try? await engine.link.withConnection { try $0.execute("SELECT pg_advisory_unlock_all()") }
    }

    /// Tells the other instances something. It is lost if the store cannot be reached: clients read such things again then.
    func announce(_ announcement: Announcement) async {
        for text in announcement.texts(from: engine.run) {
            try? await store.writer.with { connection in
                try connection.run("SELECT pg_notify('\(PostgreSQLEngine.channel)', ?)", .text(text))
            }
        }
    }

    private func lookAtLock() async throws {
        guard let term = state.withLock(\.term) else { return try await tryToLead() }
        let present = try await engine.link.with { try $0.leader() }
        guard present.term == term else { return lose("the term \(present.term) has begun") }
    }

    private func tryToLead() async throws {
        let isHeld = try await engine.link.with { connection in
            if try connection.takeLeaderLock() { return true }
            try connection.endSilentLeader(after: Self.longestSilence)
            return false
        }
        guard isHeld else {
            let present = try await engine.link.with { try $0.leader() }
            return state.withLock { $0.leader = present.name }
        }
        let name = engine.instance
        let term = try await store.write { connection in
            try connection.run("UPDATE log SET term = term + 1, leader = ?", .text(name))
            return try connection.first("SELECT term FROM log") { $0.int(0) } ?? 0
        }
        state.withLock { state in
            state.term = term
            state.leader = name
        }
        logger.event(.leading, "this instance (\(name)) leads now, in term \(term)")
        changed.wake()
    }

    private func lose(_ reason: String) {
        let wasLeading = state.withLock { state in
            defer { (state.term, state.leader) = (nil, nil) }
            return state.term != nil
        }
        guard wasLeading else { return }
        logger.event(.leadLost, level: .warning, "this instance (\(engine.instance)) does not lead any more: \(reason)")
        changed.wake()
    }

    private func note(away: Bool) {
        state.withLock { $0.awaySince = away ? $0.awaySince ?? .now : nil }
    }
}

extension SQLConnection {
    /// Takes the lock of the leader. Returns `false` if another connection holds it.
    fileprivate func takeLeaderLock() throws -> Bool {
        try first("SELECT pg_try_advisory_lock(\(PostgreSQLEngine.leaderLock))") { $0.int(0) == 1 } ?? false
    }

    /// The term, and the name of its leader.
    fileprivate func leader() throws -> (term: Int64, name: String?) {
        try first("SELECT term, leader FROM log") { ($0.int(0), $0.textOrNil(1)) } ?? (0, nil)
    }

    /// Ends the connection that holds the lock if it has done nothing for this time, by the server's clock.
    fileprivate func endSilentLeader(after silence: Duration) throws {
        try run(
            """
            SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE locktype = 'advisory' AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND classid::bigint = 1786080357 AND objid = 'log'::regclass::oid AND objsubid = 2 AND granted
            AND greatest(state_change, query_start) < clock_timestamp() - interval '\(silence.components.seconds) s'
            """)
    }
}
