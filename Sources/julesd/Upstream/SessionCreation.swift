// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// Creates sessions, each of them once, whatever becomes of the answer.
///
/// A creation whose answer is lost, or that is refused with a failed precondition, may have happened all the same: then the newest
/// sessions are searched for it.
final class SessionCreation: Sendable {
    private let asker: UserRequests
    private let recorder: SessionRecorder
    private let looks: [Duration]
    /// Sessions that a creation has been answered with: no other creation may take them for its own.
    private let claimed = Mutex<Set<String>>([])

    /// How far the clocks of the API and of this machine may be apart.
    static let clockError = Duration.seconds(30)
    /// Pages that a search reads at most.
    static let maximumPages = 10

    init(asker: UserRequests, recorder: SessionRecorder, looks: [Duration]) {
        self.asker = asker
        self.recorder = recorder
        self.looks = looks
    }

    /// Creates a session from a body in the API's own form and records it.
    func create(_ body: [UInt8], matching wanted: NewSession) async throws -> Session {
        let began = Timestamp.now
        // The poller may see the new session before the answer is given up, so what is old has to be known beforehand.
        let known = try await recorder.log.sessionIDs(
            createdAfter: began.advanced(by: .zero - Self.clockError), includingArchived: true)
        let session: Session
        do throws(UpstreamError) {
            let answer = try await asker.ask(.once) { (client) throws(UpstreamError) in
                try await client.createSession(body: body)
            }
            guard let created = Session(wire: answer) else {
                throw UpstreamError.undecodable(reason: "the created session has no id")
            }
            _ = claim(created)
            session = created
        } catch {
            guard error.mayHaveArrived, let found = await find(wanted, since: began, except: known) else { throw error }
            session = found
        }
        try await recorder.record(direct: session, asked: .monotonic)
        return session
    }

    /// Finds and records the session that an earlier creation, begun at `began`, may have brought about.
    ///
    /// - Throws: `UpstreamError` where the API's list cannot be read.
    func recover(_ wanted: NewSession, since began: Timestamp, except others: Set<String>) async throws -> Session? {
        guard let session = try await look(for: wanted, since: began, except: others) else { return nil }
        try await recorder.record(direct: session, asked: .monotonic)
        return session
    }

    /// Looks again and again: the API may still be at work on what it has not answered in time.
    private func find(_ wanted: NewSession, since began: Timestamp, except known: Set<String>) async -> Session? {
        for pause in looks {
            if pause > .zero { try? await Task.sleep(for: pause) }
            if let session = try? await look(for: wanted, since: began, except: known) { return session }
        }
        return nil
    }

    private func look(
        for wanted: NewSession, since began: Timestamp, except known: Set<String>
    ) async throws(UpstreamError) -> Session? {
        let oldest = began.advanced(by: .zero - Self.clockError)
        var tokens = PageTokens(maximum: Self.maximumPages)
        repeat {
            let token = tokens.current
            let page = try await asker.ask(.repeatable) { (client) throws(UpstreamError) in
                try await client.sessions(pageToken: token, pageSize: SessionList.pageSize)
            }
            let sessions = page.items.compactMap(Session.init(wire:))
            let candidates = sessions.filter {
                $0.createTime >= oldest && !known.contains($0.id) && wanted.matches($0)
            }
            // The oldest one that nobody else has: creations that look at the same time begin in the same order.
            if let session = candidates.last(where: claim) { return session }
            guard sessions.last.map({ $0.createTime >= oldest }) ?? true else { return nil }
            guard tokens.advance(to: page.nextPageToken) == .page else { return nil }
        } while true
    }

    /// True where no other creation has been answered with this session.
    private func claim(_ session: Session) -> Bool {
        claimed.withLock { $0.insert(session.id).inserted }
    }
}

/// What tells a session just asked for from the others.
struct NewSession: Sendable, Equatable {
    let prompt: String
    /// An empty one counts as none: the API makes one up.
    let title: String?
    let source: String?

    /// Whether the session is what was asked for; what the API leaves out of its answer speaks neither way.
    func matches(_ session: Session) -> Bool {
        let titleFits = (title ?? "").isEmpty || session.title == title
        let repository = Session.repository(source: source ?? "")
        return session.prompt == prompt && titleFits
            && (session.repository.isEmpty || session.repository == repository)
    }
}
