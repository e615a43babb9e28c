// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// Puts what the API answered into the log, whoever asked, and keeps overtaken answers out.
final class SessionRecorder: Sendable {
    let log: ChangeLog
    private let order = Mutex(ReadingOrder())

    init(log: ChangeLog) { self.log = log }

    /// Records one page of a list. Returns the ids of the sessions whose text is new.
    func record(_ page: SessionList.Page, as reading: ChangeLog.Reading = .live) async throws -> Set<String> {
        let current = order.withLock { order in page.sessions.filter { order.isCurrent($0.id, asked: page.asked) } }
        return try await log.record(current, as: reading, at: .now, answered: page.answered)
    }

    /// Records one session that was read or created directly; true where its text is new.
    @discardableResult
    func record(direct session: Session, asked: Duration) async throws -> Bool {
        let current = order.withLock { order in
            defer { order.noteDirect(session.id, asked: asked) }
            return order.isCurrent(session.id, asked: asked)
        }
        guard current else { return false }
        return try await log.record([session], as: .live, at: .now).contains(session.id)
    }

    /// Records that the API, asked directly, does not know the session any more.
    func recordDeletion(of id: String, asked: Duration) async throws {
        let current = order.withLock { order in
            defer { order.noteDirect(id, asked: asked) }
            return order.isCurrent(id, asked: asked)
        }
        guard current else { return }
        try await log.recordDeletion(of: id, at: .now)
    }
}
