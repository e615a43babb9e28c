// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What a person can do with a session. Each action shows in the feed before it is reported done, and once begun runs to its
/// end: a client that goes away half-way must not leave a request of unknown fate behind.
struct SessionActions: Sendable {
    let gate: UpstreamGate
    let recorder: SessionRecorder
    let direct: DirectReader
    let activities: ActivityReader
    /// Rung after each action: its consequences will not be long in coming.
    let alarm: Alarm

    /// How long an action waits for the budget before it is refused.
    static let patience = Duration.seconds(5)

    /// Creates a session from a body in the API's own form.
    ///
    /// A creation whose answer is lost, or that is refused with a failed precondition, may have happened all the same: then the
    /// newest sessions are searched for it, and nothing is ever created twice.
    func create(_ body: [UInt8], matching wanted: NewSession) async throws -> Session {
        try await toTheEnd { try await createNow(body, matching: wanted) }
    }

    private func createNow(_ body: [UInt8], matching wanted: NewSession) async throws -> Session {
        let asked = Duration.monotonic
        let began = Timestamp.now
        let answer: [UInt8]
        do throws(UpstreamError) {
            answer = try await ask(.once) { (client) throws(UpstreamError) in
                try await client.createSession(body: body)
            }
        } catch {
            guard error.mayHaveArrived,
                let found = try? await find(wanted, since: began)
            else { throw error }
            answer = found.body
        }
        guard let session = Session(wire: answer) else {
            throw UpstreamError.undecodable(reason: "the created session has no id")
        }
        try await recorder.record(direct: session, asked: asked)
        alarm.ring()
        return session
    }

    /// Approves the newest plan of a session and reads the session again.
    func approve(_ id: String) async throws -> Session? {
        try await toTheEnd {
            try await act(on: id) { (client) throws(UpstreamError) in try await client.approvePlan(id) }
        }
    }

    /// Sends the agent a message and reads the session again.
    func send(_ message: String, to id: String) async throws {
        _ = try await toTheEnd {
            try await act(on: id) { (client) throws(UpstreamError) in
                try await client.sendMessage(id, prompt: message)
            }
        }
    }

    /// Deletes a session; one that the API does not know any more is deleted already.
    func delete(_ id: String) async throws {
        try await toTheEnd { try await deleteNow(id) }
    }

    private func deleteNow(_ id: String) async throws {
        let asked = Duration.monotonic
        do throws(UpstreamError) {
            try await ask(.repeatable) { (client) throws(UpstreamError) in
                try await client.deleteSession(id)
            }
        } catch {
            guard error.isNotFound else { throw error }
        }
        try await recorder.recordDeletion(of: id, asked: asked)
        alarm.ring()
    }

    /// Archives a session, which stops it where it is running, or takes it back.
    func setArchived(_ archived: Bool, _ id: String) async throws -> Session {
        try await toTheEnd { try await setArchivedNow(archived, id) }
    }

    private func setArchivedNow(_ archived: Bool, _ id: String) async throws -> Session {
        let asked = Duration.monotonic
        let answer = try await ask(.once) { (client) throws(UpstreamError) in
            if archived { try await client.archive(id) } else { try await client.unarchive(id) }
        }
        guard let body = answer else {
            // The API has been seen to answer actions with nothing: then the session has to be asked for.
            guard let session = try await direct.read(id, for: .user, patience: Self.patience) else {
                throw UpstreamError.undecodable(reason: "session \(id) is gone")
            }
            return session
        }
        guard let session = Session(wire: body), session.id == id else {
            throw UpstreamError.undecodable(reason: "the answer is not session \(id)")
        }
        try await recorder.record(direct: session, asked: asked)
        alarm.ring()
        return session
    }

    /// All sources of the account, as the API describes them.
    func sources() async throws -> [[UInt8]] {
        var sources: [[UInt8]] = []
        var tokens = PageTokens(maximum: 100)
        repeat {
            let token = tokens.current
            let page = try await ask(.repeatable) { (client) throws(UpstreamError) in
                try await client.sources(pageToken: token)
            }
            sources += page.items
            guard tokens.advance(to: page.nextPageToken) == .page else { return sources }
        } while true
    }

    /// Asks the API for the session; `nil` where it does not know it.
    func refresh(_ id: String) async throws -> Session? {
        try await direct.read(id, for: .user, patience: Self.patience)
    }

    /// Brings our copy of a session's activities up to date; where the API is away, what we have must do.
    ///
    /// - Throws: `UpstreamError` where there is nothing to fall back on.
    func refreshActivities(of session: Session) async throws {
        do {
            try await activities.read(session.id, for: .user, patience: Self.patience)
        } catch let error as UpstreamError {
            // Just after its creation a session's activities are not found for a few seconds.
            if error.isNotFound { return }
            guard try await recorder.log.newestActivity(of: session.id) != nil else { throw error }
        }
    }

    /// The default branch of a source; `nil` where the API names none.
    func defaultBranch(of source: String) async throws -> String? {
        let body = try await ask(.repeatable) { (client) throws(UpstreamError) in
            try await client.source(source)
        }
        return try JSON(parsing: body)["githubRepo"]?["defaultBranch"]?["displayName"]?.string
    }

    private func act(
        on id: String, _ action: @Sendable (JulesClient) async throws(UpstreamError) -> Void
    ) async throws -> Session? {
        try await ask(.once, action)
        alarm.ring()
        // The action is done. Where the readings that show it fail, the poller brings what they would have brought.
        let session = try? await direct.read(id, for: .user, patience: Self.patience)
        try? await activities.read(id, for: .user, patience: Self.patience)
        if let session { return session }
        return try await recorder.log.session(id)
    }

    /// Makes one request for a person: again where that does no harm and promises something, within a few seconds.
    private func ask<Value: Sendable>(
        _ effect: RetryPolicy.Effect, _ request: @Sendable (JulesClient) async throws(UpstreamError) -> Value
    ) async throws(UpstreamError) -> Value {
        let policy = RetryPolicy(attempts: 3, ceiling: Self.patience, retryAfterCap: .seconds(3600))
        var attempt = 1
        while true {
            do throws(UpstreamError) {
                return try await gate.call(for: .user, patience: Self.patience, request)
            } catch {
                let pause = policy.pause(
                    after: error, attempt: attempt, effect: effect, random: .random(in: 0..<1))
                guard let pause, pause <= Self.patience, (try? await Task.sleep(for: pause)) != nil else { throw error }
                attempt += 1
            }
        }
    }

    /// Runs `action` in a task of its own, which the caller's cancellation does not reach.
    private func toTheEnd<Value: Sendable>(_ action: @escaping @Sendable () async throws -> Value) async throws -> Value
    {
        try await Task(operation: action).value
    }

    /// Looks for a session that was created by a request whose answer said nothing, or something else.
    private func find(_ wanted: NewSession, since began: Timestamp) async throws -> Session? {
        let known = try await recorder.log.sessionIDs(
            createdAfter: began.advanced(by: .seconds(-30)), includingArchived: true)
        let list = try await ask(.repeatable) { (client) throws(UpstreamError) in
            try await client.sessions(pageSize: 20)
        }
        return list.items.lazy.compactMap(Session.init(wire:)).first { session in
            session.createTime >= began.advanced(by: .seconds(-30)) && !known.contains(session.id)
                && wanted.matches(session)
        }
    }
}

/// What tells a session just asked for from the others.
struct NewSession: Sendable, Equatable {
    let prompt: String
    let title: String?
    let source: String?

    func matches(_ session: Session) -> Bool {
        session.prompt == prompt && (title == nil || session.title == title)
            && session.repository == Session.repository(source: source ?? "")
    }
}
