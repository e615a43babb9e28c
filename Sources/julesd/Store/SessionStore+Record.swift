// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

extension SessionStore {
    /// How sessions from the API are recorded.
    enum Reading: Sendable {
        /// The first complete read: unknown sessions are stored without a delta.
        case baseline
        /// Every later read: everything new or different makes a delta.
        case live
        /// The answer that created a session. If the session is already known, the API has shown it since.
        case creation
    }

    /// How the API said that a session does not exist.
    enum Absence: Sendable {
        /// The API has deleted it.
        case deleted
        /// The API does not know it. For a session that was just created and not shown since, this means "not yet".
        case notFound
    }

    /// How long the API may take to show a session that it has created.
    static let longestAppearance = Duration.seconds(180)

    /// Compares `sessions` with the store, stores what differs and logs it, in one transaction.
    ///
    /// A difference only in `updateTime` is stored but not logged.
    ///
    /// - Parameter isCurrent: called inside the transaction; whether the session with this id is to be recorded.
    /// - Returns: the ids of the sessions that made a delta or whose text differs at all. They may have new activities.
    @discardableResult
    func record(
        _ sessions: [Session], as reading: Reading, at now: Timestamp, answered: Duration = .monotonic,
        where isCurrent: @escaping @Sendable (String) -> Bool = { _ in true }
    ) async throws -> Set<String> {
        try await commit(at: now, answered: answered) { [self] connection, deltas in
            var changed: Set<String> = []
            for session in sessions where isCurrent(session.id) {
                if try record(session, as: reading, at: now, connection, &deltas) { changed.insert(session.id) }
            }
            return changed
        }
    }

    /// The result of recording one page of the list.
    struct ListedSessions: Sendable {
        /// The sessions of the page, in its order.
        var ids: [String] = []
        /// The sessions that made a delta or whose text differs.
        var changed: Set<String> = []
        /// The number of items that are no sessions.
        var unreadable = 0
        /// The number of sessions that were left out, because a newer answer has overtaken the page.
        var overtaken = 0
    }

    /// Records one page of the list in one transaction. A session whose text is known to be stored is not parsed, and a page of such
    /// sessions needs no transaction.
    func record(
        _ list: JSONList, as reading: Reading, at now: Timestamp, answered: Duration,
        where isCurrent: @escaping @Sendable (String) -> Bool
    ) async throws -> ListedSessions {
        try await writer.with { [self] connection in
            if let ids = knownIDs(of: list) {
                for id in ids { _ = isCurrent(id) }
                return ListedSessions(ids: ids)
            }
            var stored: [(id: String, item: JSONList.Item)] = []
            let listed = try commit(on: connection, at: now, answered: answered) { connection, deltas in
                var listed = ListedSessions()
                for item in list.entries {
                    if let id = known.withLock({ $0.id(of: item, in: list) }) {
                        listed.ids.append(id)
                        _ = isCurrent(id)
                        continue
                    }
                    let body = list.compact(item)
                    if let id = list.id(of: item), try connection.isKnown(id, body) {
                        listed.ids.append(id)
                        _ = isCurrent(id)
                        stored.append((id, item))
                        continue
                    }
                    guard let session = Session(wire: body) else {
                        listed.unreadable += 1
                        continue
                    }
                    listed.ids.append(session.id)
                    guard isCurrent(session.id) else {
                        listed.overtaken += 1
                        continue
                    }
                    if try record(session, as: reading, at: now, connection, &deltas) {
                        listed.changed.insert(session.id)
                    }
                    stored.append((session.id, item))
                }
                return listed
            }
            known.withLock { known in for (id, item) in stored { known.note(id, as: item, in: list) } }
            return listed
        }
    }

    /// The ids of the sessions of a page; `nil` unless all their texts are known to be stored.
    private func knownIDs(of list: JSONList) -> [String]? {
        known.withLock { known in
            var ids: [String] = []
            ids.reserveCapacity(list.entries.count)
            for item in list.entries {
                guard let id = known.id(of: item, in: list) else { return nil }
                ids.append(id)
            }
            return ids
        }
    }

    /// Compares one session with its stored text. True if it made a delta or if the text differs.
    private func record(
        _ session: Session, as reading: Reading, at now: Timestamp, _ connection: any SQLConnection,
        _ deltas: inout DeltaWriter
    ) throws -> Bool {
        if try connection.isKnown(session.id, session.body) { return false }
        let stored = try connection.session(session.id)
        if stored != nil {
            if reading == .creation { return false }
            try connection.noteAppearance(of: session.id)
        }
        if stored?.body == session.body { return false }
        known.withLock { $0.forget(session.id) }
        let entry = try connection.entry(from: stored, to: session, at: now)
        try connection.store(session, at: now, steady: clock.now)
        if let stored { try connection.settleInbox(from: stored, to: session) }
        if reading == .creation { try connection.noteCreation(of: session.id, steady: clock.now) }
        let isNews = stored != nil || reading != .baseline
        if isNews, entry == nil, session.state == .completed, stored?.state.isFinished != true {
            try connection.noteUnclearEnd(of: session.id, at: now)
        }
        if isNews { try connection.noteUnreadActivities(of: session.id) }
        switch stored {
        case nil where reading == .baseline:
            // A session that failed or expired long ago is no news. One that waits does wait.
            if session.state.waitsForPerson { try connection.setInboxEntry(entry, of: session.id) }
        case nil: try deltas.append(before: nil, after: session, calling: entry)
        case let stored? where Session.differs(stored.body, session.body):
            try deltas.append(before: stored, after: session, calling: entry)
        default: break
        }
        return isNews
    }

    /// Removes a session after the API, asked for it directly, has said that it does not exist.
    ///
    /// - Parameter isCurrent: called inside the transaction; whether the answer still counts.
    /// - Returns: `false` if the session is kept.
    @discardableResult
    func recordDeletion(
        of id: String, as absence: Absence = .deleted, at now: Timestamp,
        where isCurrent: @escaping @Sendable () -> Bool = { true }
    ) async throws -> Bool {
        try await commit(at: now) { [self] connection, deltas in
            if absence == .notFound, try connection.mayAppear(id, at: clock.now) { return false }
            guard isCurrent() else { return false }
            guard let stored = try connection.session(id) else { return true }
            known.withLock { $0.forget(id) }
            try connection.noteDeletedTask(id, createdAt: stored.createTime, now: now)
            if let row = try connection.searchText(of: id) {
                try connection.noteSearchText(of: row.number, from: row.text, to: nil)
            }
            try connection.run("DELETE FROM session WHERE id = ?", .text(id))
            try connection.run("DELETE FROM activity WHERE session = ?", .text(id))
            try deltas.append(before: stored, after: nil)
            return true
        }
    }

    /// Stores new activities, and returns them in order of creation.
    ///
    /// If they have a newer plan or question than the one for which the session began to wait, there is a delta, because
    /// somebody has to look again.
    @discardableResult
    func record(_ activities: [Activity], of session: String, at now: Timestamp = .now) async throws -> [Activity] {
        try await commit(at: now) { [self] connection, deltas in
            let new = try activities.filter { activity in
                try connection.run(
                    """
                    INSERT INTO activity (session, id, created, kind, body) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (session, id) DO NOTHING
                    """,
                    .text(session), .text(activity.id), .integer(activity.createTime.nanoseconds),
                    .text(activity.kind.rawValue), .blob(activity.body))
                return connection.changes > 0
            }
            if let (waiting, before) = try connection.waitingSession(session),
                let newest = new.filter({ waiting.state.isBegunBy($0.kind) }).map(\.createTime).max()
            {
                var wait = before
                let isNews = wait.note(newest)
                try connection.note(wait, of: session)
                if let reason = AttentionReason(from: nil, to: waiting), wait.told == newest {
                    let entry = InboxEntry(reason: reason, since: newest)
                    if isNews {
                        try deltas.append(before: waiting, after: waiting, calling: entry)
                    } else if try connection.inboxEntry(of: session)?.reason == reason {
                        try connection.setInboxEntry(entry, of: session)
                    }
                }
            }
            if !new.isEmpty { try connection.settleInbox(afterReading: new, of: session) }
            if let silence = AgentSilence(after: new, readAt: clock.now) { try connection.note(silence, of: session) }
            try limitActivities(after: new, connection)
            return new
        }
    }

    /// Whether the whole account has been read once.
    func hasBaseline() async throws -> Bool {
        try await read { try $0.first("SELECT baseline FROM log", []) { $0.int(0) } == 1 }
    }

    /// Records that the whole account has been read once.
    func markBaseline() async throws {
        try await write { try $0.run("UPDATE log SET baseline = 1") }
    }
}

extension SQLConnection {
    /// The stored session with this id; `nil` if there is none.
    fileprivate func session(_ id: String) throws -> Session? {
        try first("SELECT body FROM session WHERE id = ?", [.text(id)]) { Session(wire: $0.blob(0)) } ?? nil
    }

    /// Whether the API has shown the session before with exactly this text. Neither text is parsed.
    fileprivate func isKnown(_ id: String, _ body: [UInt8]) throws -> Bool {
        try first(
            "SELECT 1 FROM session WHERE id = ? AND body = ? AND unconfirmed IS NULL",
            [.text(id), .blob(body)]
        ) { _ in true } ?? false
    }

    /// Records that a session is known only from the answer that created it.
    fileprivate func noteCreation(of id: String, steady: Timestamp) throws {
        try run("UPDATE session SET unconfirmed = ? WHERE id = ?", .integer(steady.nanoseconds), .text(id))
    }

    /// Records that the API has shown a session.
    fileprivate func noteAppearance(of id: String) throws {
        try run("UPDATE session SET unconfirmed = NULL WHERE id = ? AND unconfirmed IS NOT NULL", .text(id))
    }

    /// Whether the API may not show the session yet, at the steady time `now`.
    fileprivate func mayAppear(_ id: String, at now: Timestamp) throws -> Bool {
        let latest = now.advanced(by: .zero - SessionStore.longestAppearance)
        return try first(
            "SELECT 1 FROM session WHERE id = ? AND unconfirmed > ?", [.text(id), .integer(latest.nanoseconds)]
        ) { _ in true } ?? false
    }

    /// A session that waits for a person, and which plan or question of it has been reported.
    fileprivate func waitingSession(_ id: String) throws -> (session: Session, wait: AttentionState)? {
        try first("SELECT body, waiting, unread FROM session WHERE id = ? AND waiting IS NOT NULL", [.text(id)]) {
            row in
            Session(wire: row.blob(0)).map { session in
                let unread = row.intOrNil(2).map(Timestamp.init(nanoseconds:))
                return (session, AttentionState(told: Timestamp(nanoseconds: row.int(1)), unreadSince: unread))
            }
        } ?? nil
    }

    /// The inbox entry of a session that goes from `known` to `session`; `nil` if it needs nobody.
    fileprivate func entry(from known: Session?, to session: Session, at now: Timestamp) throws -> InboxEntry? {
        let isAnswered = try session.state == .completed && known.map(isAnswered) ?? false
        return AttentionReason(from: known, to: session, isAnswered: isAnswered)
            .map { InboxEntry($0, of: session, seen: now) }
    }

    /// Records which plan or question of a waiting session has been reported.
    fileprivate func note(_ wait: AttentionState, of session: String) throws {
        try run(
            "UPDATE session SET waiting = ?, unread = ? WHERE id = ?", .integer(wait.told.nanoseconds),
            SQLValue(wait.unreadSince?.nanoseconds), .text(session))
    }

    /// When the newest stored plan or question of a session came; `nil` if there is none.
    private func newestReason(toWaitIn state: SessionState, of session: String) throws -> Timestamp? {
        let kind = Activity.Kind.allCases.first(where: state.isBegunBy)
        return try kind.flatMap { try newestActivity(of: $0, in: session) }
    }

    fileprivate func store(_ session: Session, at now: Timestamp, steady: Timestamp) throws {
        let wait =
            session.state.waitsForPerson
            ? AttentionState(of: session, known: try newestReason(toWaitIn: session.state, of: session.id), seen: now)
            : nil
        let before = try searchText(of: session.id)
        let text = "\(session.title)\n\(session.prompt)\n\(session.id)".searchText
        try run(
            """
            INSERT INTO session (id, created, state, repository, archived, waiting, unread, silent, search, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET created = excluded.created,
                waiting = CASE session.state WHEN excluded.state THEN session.waiting ELSE excluded.waiting END,
                unread = CASE session.state WHEN excluded.state THEN session.unread ELSE excluded.unread END,
                silent = CASE session.state WHEN excluded.state THEN session.silent ELSE excluded.silent END,
                state = excluded.state,
                repository = excluded.repository, archived = excluded.archived, search = excluded.search,
                body = excluded.body
            """,
            .text(session.id), .integer(session.createTime.nanoseconds), .text(session.state.name),
            .text(RepositoryName(session.repository).key), .integer(session.archived ? 1 : 0),
            SQLValue(wait?.told.nanoseconds), SQLValue(wait?.unreadSince?.nanoseconds),
            AgentSilence(of: session, seen: steady).map { .integer($0.since.nanoseconds) } ?? .null,
            .text(text), .blob(session.body))
        try noteSearchText(of: before?.number, from: before?.text, to: text)
    }

    /// The number of a session's row, and its searched text.
    fileprivate func searchText(of id: String) throws -> (number: Int64, text: String)? {
        try first("SELECT number, search FROM session WHERE id = ?", [.text(id)]) { ($0.int(0), $0.text(1)) }
    }
}
