// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The key under which a client may repeat a request (the Idempotency-Key header), with the values that identify the request.
struct IdempotencyKey: Sendable, Equatable {
    /// The client's text.
    let text: String
    /// The action and its object, such as `approve 123`.
    let target: String
    /// A digest of the request's body.
    let digest: [UInt8]
    /// How long it is remembered, at most a day.
    var lifetime = Duration.seconds(86_400)

    /// Compares key and request, but not how long they are remembered.
    static func == (left: IdempotencyKey, right: IdempotencyKey) -> Bool {
        (left.text, left.target) == (right.text, right.target) && left.digest == right.digest
    }
}

/// What was known when a request was made that must not be made twice. It identifies the outcome later.
struct RequestAttempt: Sendable, Equatable {
    /// The owner of the outcome: the client's key, or a random text for a request without a key.
    let owner: String
    /// When it was made first.
    var began: Timestamp
    /// When it was made last.
    var tried: Timestamp
    /// The names of young sessions (their ids) or activities (`session/id`) that existed before, and so cannot be the
    /// outcome.
    var known: Set<String>

    /// How much the clocks of the API and of this machine may differ.
    static let clockError = Duration.seconds(30)
    /// How long after it was made a request can still take effect.
    static let longestDelay = Duration.seconds(120)

    /// The earliest creation time, on the API's clock, of its outcome.
    var earliest: Timestamp { began.advanced(by: .zero - Self.clockError) }

    /// Whether something that was created at `time` can be its outcome.
    func canHaveMade(_ name: String, at time: Timestamp) -> Bool {
        time >= earliest && time <= tried.advanced(by: Self.longestDelay + Self.clockError) && !known.contains(name)
    }
}

/// The result of a request.
struct RequestOutcome: Sendable, Equatable {
    /// The name of the session or activity that it created, if it is known.
    let name: String?
    /// The body of its answer.
    let answer: [UInt8]
}

/// What is stored about a request with a key.
struct KeyedRequest: Sendable, Equatable {
    let key: IdempotencyKey
    /// Its owner is the key.
    let attempt: RequestAttempt
    /// `nil` while it is unknown whether the request was done.
    let outcome: RequestOutcome?
}

extension SessionStore {
    /// The key of a task that waits in the queue is kept until the task ends.
    private static let isQueued = "key IN (SELECT key FROM queue_entry WHERE ended IS NULL)"

    /// The request with the key `text`; `nil` if there is none since `earliest`, in steady time.
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

    /// The names of the outcomes of requests with other keys.
    func outcomes(except key: String) async throws -> Set<String> {
        try await read { connection in
            Set(
                try connection.query(
                    "SELECT outcome FROM keyed_request WHERE outcome IS NOT NULL AND key <> ?", [.text(key)]
                ) { $0.text(0) })
        }
    }

    /// Records a request before it is made. Keys from before `earliest`, in steady time, are removed.
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

    /// Records the result of a request. The first result stays.
    func finish(_ key: IdempotencyKey, _ outcome: RequestOutcome) async throws {
        try await write { connection in
            try connection.run(
                "UPDATE keyed_request SET outcome = ?, answer = ? WHERE key = ? AND answer IS NULL",
                SQLValue(outcome.name), .blob(outcome.answer), .text(key.text))
        }
    }

    /// Removes a request, for instance one that has certainly not been done.
    func forget(_ key: IdempotencyKey) async throws {
        try await write { try $0.run("DELETE FROM keyed_request WHERE key = ?", .text(key.text)) }
    }

    /// Removes a request that came before `earliest`, in steady time.
    func forget(_ key: IdempotencyKey, before earliest: Timestamp) async throws {
        let row: [SQLValue] = [.text(key.text), .integer(earliest.nanoseconds)]
        let isOld = try await read { connection in
            try connection.first("SELECT 1 FROM keyed_request WHERE key = ? AND kept < ?", row) { _ in true } ?? false
        }
        if isOld { try await forget(key) }
    }
}
