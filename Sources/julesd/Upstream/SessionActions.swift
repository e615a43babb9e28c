// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What a person can do with a session. Each action shows in the feed before it is reported done, and once begun runs to its
/// end: a client that goes away half-way must not leave a request of unknown fate behind.
struct SessionActions: Sendable {
    let asker: UserRequests
    let creation: SessionCreation
    let keyed: KeyedCreation
    let recorder: SessionRecorder
    let direct: DirectReader
    let activities: ActivityReader
    /// Rung after each action: its consequences will not be long in coming.
    let alarm: Alarm

    /// Creates a session. Nothing is ever created twice, under one `key` not even by two requests.
    ///
    /// - Parameters:
    ///   - request: what the client sent: it tells requests under one key apart.
    ///   - prepare: makes the API's body of it.
    func create(
        key: String?, request: [UInt8], _ prepare: @escaping KeyedCreation.Prepare
    ) async throws -> Session {
        try await toTheEnd {
            defer { alarm.ring() }
            if let key { return try await keyed.create(key: key, request: sha256(request), prepare) }
            let (wanted, body) = try await prepare()
            return try await creation.create(body, matching: wanted)
        }
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
        do throws(UpstreamError) {
            try await asker.ask(.repeatable) { (client) throws(UpstreamError) in
                try await client.deleteSession(id)
            }
        } catch {
            guard error.isNotFound else { throw error }
        }
        // A list that was asked for before this answer may still show the session.
        try await recorder.recordDeletion(of: id, asked: .monotonic)
        alarm.ring()
    }

    /// Archives a session, which stops it where it is running, or takes it back.
    func setArchived(_ archived: Bool, _ id: String) async throws -> Session {
        try await toTheEnd { try await setArchivedNow(archived, id) }
    }

    private func setArchivedNow(_ archived: Bool, _ id: String) async throws -> Session {
        let answer = try await asker.ask(.once) { (client) throws(UpstreamError) in
            if archived { try await client.archive(id) } else { try await client.unarchive(id) }
        }
        guard let body = answer else {
            // The API has been seen to answer actions with nothing: then the session has to be asked for.
            guard let session = try await direct.read(id, for: .user, patience: UserRequests.patience) else {
                throw UpstreamError.undecodable(reason: "session \(id) is gone")
            }
            return session
        }
        guard let session = Session(wire: body), session.id == id else {
            throw UpstreamError.undecodable(reason: "the answer is not session \(id)")
        }
        try await recorder.record(direct: session, asked: .monotonic)
        alarm.ring()
        return session
    }

    /// All sources of the account, as the API describes them.
    func sources() async throws -> [[UInt8]] {
        var sources: [[UInt8]] = []
        var tokens = PageTokens(maximum: 100)
        repeat {
            let token = tokens.current
            let page = try await asker.ask(.repeatable) { (client) throws(UpstreamError) in
                try await client.sources(pageToken: token)
            }
            sources += page.items
            guard tokens.advance(to: page.nextPageToken) == .page else { return sources }
        } while true
    }

    /// Asks the API for the session; `nil` where it does not know it.
    func refresh(_ id: String) async throws -> Session? {
        try await direct.read(id, for: .user, patience: UserRequests.patience)
    }

    /// Brings our copy of a session's activities up to date; where the API is away, what we have must do.
    ///
    /// - Throws: `UpstreamError` where there is nothing to fall back on.
    func refreshActivities(of session: Session) async throws {
        do {
            try await activities.read(session.id, for: .user, patience: UserRequests.patience)
        } catch let error as UpstreamError {
            // Just after its creation a session's activities are not found for a few seconds.
            if error.isNotFound { return }
            guard try await recorder.log.newestActivity(of: session.id) != nil else { throw error }
        }
    }

    /// The default branch of a source; `nil` where the API names none.
    func defaultBranch(of source: String) async throws -> String? {
        let body = try await asker.ask(.repeatable) { (client) throws(UpstreamError) in
            try await client.source(source)
        }
        return try JSON(parsing: body)["githubRepo"]?["defaultBranch"]?["displayName"]?.string
    }

    private func act(
        on id: String, _ action: @Sendable (JulesClient) async throws(UpstreamError) -> Void
    ) async throws -> Session? {
        try await asker.ask(.once, action)
        alarm.ring()
        // The action is done. Where the readings that show it fail, the poller brings what they would have brought.
        let session = try? await direct.read(id, for: .user, patience: UserRequests.patience)
        try? await activities.read(id, for: .user, patience: UserRequests.patience)
        if let session { return session }
        return try await recorder.log.session(id)
    }

    /// Runs `action` in a task of its own, which the caller's cancellation does not reach.
    private func toTheEnd<Value: Sendable>(_ action: @escaping @Sendable () async throws -> Value) async throws -> Value
    {
        try await Task(operation: action).value
    }
}
