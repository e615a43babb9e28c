// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// How many times a rule may act (`MaxPerSession=` and `MaxPerHour=`).
struct DecisionLimits: Sendable {
    /// On one chain of retries.
    let perSession: Int
    /// In any hour.
    let perHour: Int
}

/// Whether a decision may be carried out.
enum DecisionStart: Sendable, Equatable {
    case begun(Timestamp)
    /// The rule has reached its limit for the session or for an hour.
    case limited(onSession: Int, inHour: Int)
    /// The decision has already ended.
    case over
}

extension SessionStore {
    /// Records the names of the rules in force. A new rule is in force from now on. Waiting decisions of removed rules are
    /// dropped.
    ///
    /// - Returns: since when each rule is in force, and the dropped decisions.
    func enforce(
        rules names: [String], at now: Timestamp
    ) async throws -> (since: [String: Timestamp], dropped: [Decision]) {
        try await write { connection in
            let known = Set(try connection.query("SELECT name FROM rule", []) { $0.text(0) })
            for name in known.subtracting(names) { try connection.run("DELETE FROM rule WHERE name = ?", .text(name)) }
            for name in names where !known.contains(name) {
                try connection.run(
                    "INSERT INTO rule (name, since) VALUES (?, ?)", .text(name), .integer(now.nanoseconds))
            }
            let left = try connection.query(
                """
                SELECT \(Decision.columns) FROM decision
                WHERE state = 'waiting' AND rule NOT IN (SELECT name FROM rule)
                """, []
            ) { Decision(row: $0) }
            let dropped = try left.filter { try connection.drop($0, "the rule was taken out", at: now) }
            let since = try connection.query("SELECT name, since FROM rule", []) {
                ($0.text(0), Timestamp(nanoseconds: $0.int(1)))
            }
            return (Dictionary(uniqueKeysWithValues: since), dropped)
        }
    }

    /// Adds a decision. Returns `false` if there is one about this event already.
    func decide(_ decision: Decision) async throws -> Bool { try await write { try $0.insert(decision) } }

    /// Begins to carry a decision out, if the limits of its rule allow it.
    func begin(_ decision: Decision, within limits: DecisionLimits) async throws -> DecisionStart {
        try await write { [clock] connection in
            guard try connection.decision(decision.id)?.state == .waiting else { return .over }
            let now = clock.now
            let use = try connection.use(of: decision.rule, chain: decision.chain, at: now)
            guard use.onSession < limits.perSession, use.inHour < limits.perHour else {
                return .limited(onSession: use.onSession, inHour: use.inHour)
            }
            try connection.run(
                "UPDATE decision SET began = ? WHERE id = ?", .integer(now.nanoseconds), .text(decision.id))
            return .begun(now)
        }
    }

    /// Makes a decision part of another chain of retries. Returns how many times its rule has acted on that chain without it.
    func move(_ decision: Decision, to chain: String) async throws -> Int {
        try await write { connection in
            try connection.run("UPDATE decision SET chain = ? WHERE id = ?", .text(chain), .text(decision.id))
            return try connection.count(
                "rule = ? AND chain = ? AND id <> ?", [.text(decision.rule), .text(chain), .text(decision.id)])
        }
    }

    /// Records that Jules is about to be asked. Returns `false` if the decision has ended.
    func noteTry(of id: String) async throws -> Bool {
        try await write { [clock] connection in
            try connection.run(
                "UPDATE decision SET tried = ? WHERE id = ? AND state = 'waiting' AND began IS NOT NULL",
                .integer(clock.now.nanoseconds), .text(id))
            return connection.changes > 0
        }
    }

    /// Postpones a decision.
    ///
    /// - Parameter isUndone: whether it is certain that nothing has been done, so that the decision can still be cancelled.
    func postpone(_ id: String, by pause: Duration, isUndone: Bool, _ detail: String) async throws {
        try await write { [clock] connection in
            let forget = isUndone ? ", began = NULL, tried = NULL" : ""
            try connection.run(
                "UPDATE decision SET due = ?, detail = ?\(forget) WHERE id = ? AND state = 'waiting'",
                .integer(clock.now.advanced(by: pause).nanoseconds), .text(detail), .text(id))
        }
    }

    /// Ends a decision. Returns `false` if it has ended already.
    @discardableResult
    func end(_ id: String, as state: Decision.State, _ detail: String?) async throws -> Bool {
        try await write { try $0.end(id, as: state, detail) }
    }

    /// Removes the session's item from the inbox and ends the decision, in one step. Returns `false` if it has ended already.
    func acknowledge(for decision: Decision) async throws -> Bool {
        try await write { connection in
            guard try connection.end(decision.id, as: .done, nil) else { return false }
            try connection.setInboxEntry(nil, of: decision.sessionID)
            return true
        }
    }

    /// The decision with this id; `nil` if there is none.
    func decision(_ id: String) async throws -> Decision? { try await read { try $0.decision(id) } }

    /// Drops a decision that is not being carried out. Returns `nil` if there is none with this id; `isCancelled` is `false`
    /// if it is too late.
    func cancelDecision(_ id: String) async throws -> (decision: Decision, isCancelled: Bool)? {
        try await write { [wallNow] connection in
            guard let decision = try connection.decision(id) else { return nil }
            guard try connection.drop(decision, "cancelled by a person", at: wallNow) else {
                return (decision, false)
            }
            return (try connection.decision(id) ?? decision, true)
        }
    }

    /// When Jules was first asked for the oldest retry that may have created a session that is not known to be its result
    /// yet; `nil` if there is none.
    func retryUnderWay() async throws -> Timestamp? {
        try await read { connection in
            try connection.first(
                """
                SELECT min(keyed_request.began) FROM queue_entry JOIN keyed_request USING (key)
                WHERE decision IS NOT NULL AND ended IS NULL AND (state = 'starting' OR uncertain = 1)
                """, []
            ) { $0.intOrNil(0).map(Timestamp.init(nanoseconds:)) } ?? nil
        }
    }
}

extension SQLConnection {
    /// Drops a waiting decision, unless it has begun: then it may have been executed, and is carried to its end.
    fileprivate func drop(_ decision: Decision, _ detail: String, at now: Timestamp) throws -> Bool {
        if decision.began != nil {
            guard try withdrawRetry(of: decision.id, detail, at: now) else { return false }
        }
        return try end(decision.id, as: .dropped, detail)
    }

    /// How many times a rule has acted under this condition. An action in progress counts.
    fileprivate func count(_ condition: String, _ values: [SQLValue]) throws -> Int {
        try first(
            "SELECT count(*) FROM decision WHERE began IS NOT NULL AND state <> 'dropped' AND \(condition)", values
        ) { Int($0.int(0)) } ?? 0
    }

    fileprivate func use(
        of rule: String, chain: String, at now: Timestamp
    ) throws -> (onSession: Int, inHour: Int) {
        (
            try count("rule = ? AND chain = ?", [.text(rule), .text(chain)]),
            try count(
                "rule = ? AND began > ?",
                [.text(rule), .integer(now.advanced(by: .seconds(-3600)).nanoseconds)])
        )
    }
}
