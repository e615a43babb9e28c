// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Creations that a client may ask for again under one key (the Idempotency-Key header) without creating a second session.
///
/// The same key with the same request has the same answer for a day, also while the first one is under way, and after a restart with
/// a store that lasts. A failure that certainly created nothing is not remembered. After one that may have, and after a crash in
/// between, the session is looked for before it is asked for again.
actor KeyedCreation {
    /// The key came with another request before.
    struct Mismatch: Error {}

    typealias Prepare = @Sendable () async throws -> (NewSession, body: [UInt8])

    /// How long a key is remembered.
    static let memory = Duration.seconds(86_400)

    private let creation: SessionCreation
    private let log: ChangeLog
    private var underWay: [String: (request: [UInt8], task: Task<Session, any Error>)] = [:]

    init(creation: SessionCreation, log: ChangeLog) {
        self.creation = creation
        self.log = log
    }

    /// Creates a session, or answers with the one that the same key and request have brought about.
    ///
    /// - Parameters:
    ///   - request: what tells requests apart: a digest of what the client sent.
    ///   - prepare: makes the API's body of it; not called where the answer is known.
    /// - Throws: `Mismatch`, and what `SessionCreation.create` throws.
    func create(key: String, request: [UInt8], _ prepare: @escaping Prepare) async throws -> Session {
        if let (first, task) = underWay[key] {
            guard first == request else { throw Mismatch() }
            return try await task.value
        }
        let task = Task { [creation, log] in
            try await Self.create(key, request, prepare, creation, log)
        }
        underWay[key] = (request, task)
        defer { underWay[key] = nil }
        return try await task.value
    }

    private static func create(
        _ key: String, _ request: [UInt8], _ prepare: Prepare, _ creation: SessionCreation, _ log: ChangeLog
    ) async throws -> Session {
        let earliest = Timestamp.now.advanced(by: .zero - memory)
        let earlier = try await log.creation(key: key, since: earliest)
        if let earlier, earlier.request != request { throw Mismatch() }
        if let answer = earlier?.answer.flatMap(Session.init(wire:)) { return answer }
        let (wanted, body) = try await prepare()
        if let earlier {
            let others = try await log.createdSessions()
            if let session = try await creation.recover(wanted, since: earlier.began, except: others) {
                try await log.finishCreation(key: key, session)
                return session
            }
        } else {
            try await log.beginCreation(key: key, request: request, at: .now, forgettingBefore: earliest)
        }
        do {
            let session = try await creation.create(body, matching: wanted)
            try await log.finishCreation(key: key, session)
            return session
        } catch let error as UpstreamError {
            if earlier == nil, !error.mayHaveArrived { try await log.forgetCreation(key: key) }
            throw error
        }
    }
}
