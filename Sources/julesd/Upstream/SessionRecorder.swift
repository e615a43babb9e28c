// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Stores the API's answers, whoever asked, and drops answers that a newer one has overtaken.
///
/// The order is checked inside the transaction. Otherwise two answers could pass the check in one order and be stored in the
/// other.
final class SessionRecorder: Sendable {
    let store: SessionStore
    private let logger: Logger
    private let order = Mutex(StaleAnswerFilter())

    init(store: SessionStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Records one page of a list.
    func record(
        _ page: SessionList.Page, as reading: SessionStore.Reading = .live
    ) async throws -> SessionStore.ListedSessions {
        let listed = try await store.record(page.list, as: reading, at: store.wallNow, answered: page.answered) {
            [self] id in
            order.withLock { $0.admit(id, asked: page.asked) }
        }
        let lost = listed.unreadable + page.list.skipped
        if lost > 0 { logger.warning("passed over \(lost) items without an id in the API's list of sessions") }
        return listed
    }

    /// Notes that a request that began at `asked` has shown these sessions as they are stored.
    func confirm(_ ids: [String], asked: Duration) {
        order.withLock { order in for id in ids { _ = order.admit(id, asked: asked) } }
    }

    /// Records one session that was read directly. Returns whether its text is new.
    @discardableResult
    func record(direct session: Session, asked: Duration) async throws -> Bool {
        try await store.record([session], as: .live, at: store.wallNow) { [self] id in
            order.withLock { $0.admit(id, asked: asked) }
        }.contains(session.id)
    }

    /// Records a session from the answer that created it.
    func record(created session: Session) async throws {
        try await store.record([session], as: .creation, at: store.wallNow)
    }

    /// Records that a session does not exist. Returns `false` if it exists as far as we know.
    @discardableResult
    func recordDeletion(of id: String, as absence: SessionStore.Absence, asked: Duration) async throws -> Bool {
        // A list whose request began before this answer may still show the session.
        let answered = Duration.monotonic
        return try await store.recordDeletion(of: id, as: absence, at: store.wallNow) { [self] in
            order.withLock { $0.admit(id, asked: asked, outdates: answered) }
        }
    }
}
