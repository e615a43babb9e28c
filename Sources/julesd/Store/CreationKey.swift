// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What is remembered of a creation that came with a key.
struct KeyedRequest: Sendable, Equatable {
    /// Tells requests under one key apart.
    let request: [UInt8]
    let began: Timestamp
    /// The session as it was answered; `nil` while nobody knows whether it was created.
    let answer: [UInt8]?
}

extension ChangeLog {
    /// The creation that came with `key`, unless that is too long ago.
    func creation(key: String, since earliest: Timestamp) async throws -> KeyedRequest? {
        try await read { connection in
            try connection.first(
                "SELECT request, began, answer FROM creation WHERE key = ? AND began >= ?",
                [.text(key), .integer(earliest.nanoseconds)]
            ) { row in
                KeyedRequest(
                    request: row.blob(0), began: Timestamp(nanoseconds: row.int(1)),
                    answer: row.isNull(2) ? nil : row.blob(2))
            }
        }
    }

    /// The ids of the sessions that creations with a key have been answered with.
    func createdSessions() async throws -> Set<String> {
        try await read { connection in
            Set(try connection.query("SELECT session FROM creation WHERE session IS NOT NULL", []) { $0.text(0) })
        }
    }

    /// Notes that a creation is about to be asked for, before it is.
    func beginCreation(
        key: String, request: [UInt8], at began: Timestamp, forgettingBefore earliest: Timestamp
    ) async throws {
        try await write { connection in
            try connection.run("DELETE FROM creation WHERE began < ?", .integer(earliest.nanoseconds))
            try connection.run(
                "INSERT INTO creation (key, request, began) VALUES (?, ?, ?)",
                .text(key), .blob(request), .integer(began.nanoseconds))
        }
    }

    /// Notes what a creation was answered with.
    func finishCreation(key: String, _ session: Session) async throws {
        try await write { connection in
            try connection.run(
                "UPDATE creation SET session = ?, answer = ? WHERE key = ?",
                .text(session.id), .blob(session.body), .text(key))
        }
    }

    /// Forgets a creation that has certainly not happened.
    func forgetCreation(key: String) async throws {
        try await write { try $0.run("DELETE FROM creation WHERE key = ?", .text(key)) }
    }
}
