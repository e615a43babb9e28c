// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The key under which a client may make the same request again (the Idempotency-Key header), with what tells requests apart.
struct IdempotencyKey: Sendable, Equatable {
    /// The client's text.
    let text: String
    /// What the request does and to what, such as `approve 123`.
    let target: String
    /// A digest of the request's body.
    let digest: [UInt8]
    /// How long it is remembered, a day at most.
    var lifetime = Duration.seconds(86_400)

    /// The same request under the same key, however long it is remembered.
    static func == (left: IdempotencyKey, right: IdempotencyKey) -> Bool {
        (left.text, left.target) == (right.text, right.target) && left.digest == right.digest
    }
}

/// What was known when a request was made that must not be made twice: by this its outcome is recognised later.
struct RequestAttempt: Sendable, Equatable {
    /// In whose name the outcome is claimed: the client's key, or a text of its own for a request without one.
    let owner: String
    /// When it was made first.
    var began: Timestamp
    /// When it was made last.
    var tried: Timestamp
    /// The names of the young sessions (their ids) or activities (`session/id`) that were there before, and so are no outcome of it.
    var known: Set<String>

    /// How far the clocks of the API and of this machine may be apart.
    static let clockError = Duration.seconds(30)
    /// How long after it was made a request can still have its effect.
    static let longestDelay = Duration.seconds(120)

    /// The earliest time, by the API's clock, at which its outcome can have come about.
    var earliest: Timestamp { began.advanced(by: .zero - Self.clockError) }

    /// Whether something that came about at `time` can be its outcome.
    func canHaveMade(_ name: String, at time: Timestamp) -> Bool {
        time >= earliest && time <= tried.advanced(by: Self.longestDelay + Self.clockError) && !known.contains(name)
    }
}

/// What came of a request.
struct RequestOutcome: Sendable, Equatable {
    /// The name of the session or activity that it brought about, where that is known.
    let name: String?
    /// The body that it is answered with.
    let answer: [UInt8]
}

/// What is remembered of a request that came with a key.
struct KeyedRequest: Sendable, Equatable {
    let key: IdempotencyKey
    /// Its owner is the key.
    let attempt: RequestAttempt
    /// `nil` while nobody knows whether it was done.
    let outcome: RequestOutcome?
}

extension SessionStore {
    /// Of a task that still waits in the queue, the key is kept for as long as it takes.
    private static let isQueued = "key IN (SELECT key FROM queue_entry WHERE ended IS NULL)"

    /// The request that came with the key `text`, unless that was before `earliest` in steady time.
    func keyedRequest(_ text: String, since earliest: Timestamp) async throws -> KeyedRequest? {
        try await read { connection in
            try connection.first(
                """
                SELECT target, digest, began, tried, known, outcome, answer FROM keyed_request
                WHERE key = ? AND (kept >= ? OR \(Self.isQueued))
                """,
                [.text(text), .integer(earliest.nanoseconds)]
            ) { row in
                KeyedRequest(
                    key: IdempotencyKey(text: text, target: row.text(0), digest: row.blob(1)),
                    attempt: RequestAttempt(
                        owner: text, began: Timestamp(nanoseconds: row.int(2)),
                        tried: Timestamp(nanoseconds: row.int(3)),
                        known: try Set((JSON(parsing: row.blob(4)).array ?? []).compactMap(\.string))),
                    outcome: row.isNull(6)
                        ? nil : RequestOutcome(name: row.isNull(5) ? nil : row.text(5), answer: row.blob(6)))
            }
        }
    }

    /// The names of what requests with other keys have brought about.
    func outcomes(except key: String) async throws -> Set<String> {
        try await read { connection in
            Set(
                try connection.query(
                    "SELECT outcome FROM keyed_request WHERE outcome IS NOT NULL AND key <> ?", [.text(key)]
                ) { $0.text(0) })
        }
    }

    /// Notes that a request is about to be made, before it is; keys from before `earliest` in steady time are forgotten.
    func begin(_ key: IdempotencyKey, _ attempt: RequestAttempt, forgettingBefore earliest: Timestamp) async throws {
        try await write { [clock] connection in
            try connection.run(
                "DELETE FROM keyed_request WHERE kept < ? AND NOT \(Self.isQueued)", .integer(earliest.nanoseconds))
            try connection.run(
                """
                INSERT INTO keyed_request (key, target, digest, began, tried, known, kept) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (key) DO UPDATE SET tried = excluded.tried
                """,
                .text(key.text), .text(key.target), .blob(key.digest), .integer(attempt.began.nanoseconds),
                .integer(attempt.tried.nanoseconds), .blob(JSON.array(attempt.known.sorted().map(JSON.string)).bytes),
                .integer(clock.now.nanoseconds))
        }
    }

    /// Notes what came of a request.
    func finish(_ key: IdempotencyKey, _ outcome: RequestOutcome) async throws {
        try await write { connection in
            try connection.run(
                "UPDATE keyed_request SET outcome = ?, answer = ? WHERE key = ?",
                SQLiteValue(outcome.name), .blob(outcome.answer), .text(key.text))
        }
    }

    /// Forgets a request, for instance one that has certainly not been done.
    func forget(_ key: IdempotencyKey) async throws {
        try await write { try $0.run("DELETE FROM keyed_request WHERE key = ?", .text(key.text)) }
    }

    /// Forgets a request that came before `earliest` in steady time.
    func forget(_ key: IdempotencyKey, before earliest: Timestamp) async throws {
        let row: [SQLiteValue] = [.text(key.text), .integer(earliest.nanoseconds)]
        let isOld = try await read { connection in
            try connection.first("SELECT 1 FROM keyed_request WHERE key = ? AND kept < ?", row) { _ in true } ?? false
        }
        if isOld { try await forget(key) }
    }
}
