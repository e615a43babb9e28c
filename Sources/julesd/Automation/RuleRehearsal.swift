// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Computes what rules would have done to the stored history. It sends nothing and writes nothing.
struct RuleRehearsal {
    /// One decision that would have been made.
    struct Outcome {
        enum Result: String {
            /// The rule would have acted.
            case done
            /// The session changed before `After=` was over, or a limit was reached.
            case dropped
            /// The rule is a dry run.
            case dry
        }

        let rule: Rule
        let event: RuleEvent
        /// When the rule would have acted.
        let due: Timestamp
        var result = Result.done
        /// Why it was dropped.
        var detail: String?
    }

    /// In the order of `due`.
    private(set) var outcomes: [Outcome] = []
    /// How many events the rules were checked for: all events of a kind that a rule names.
    private(set) var events = 0

    /// Checks `rules` for the events after `start`. Events before a rule came into force count too.
    ///
    /// - Throws: if the store cannot be read.
    init(_ rules: RuleSet, on connection: any SQLConnection, since start: Timestamp) throws {
        let kinds = rules.rules.reduce(into: Set()) { $0.formUnion($1.match.kinds) }
        let history = try connection.transaction { try Self.history(connection, of: kinds, since: start) }
        events = history.count
        for (event, next) in history {
            guard let rule = rules.first(for: event, now: event.at, since: { _ in event.at }) else { continue }
            var outcome = Outcome(rule: rule, event: event, due: event.at.advanced(by: rule.delay))
            if let next, next < outcome.due, rule.action != .leave {
                outcome.result = .dropped
                outcome.detail = "the session went on before"
            }
            outcomes.append(outcome)
        }
        outcomes.sort { $0.due < $1.due }
        holdGuards()
    }

    /// Drops the actions that the limits would have prevented.
    private mutating func holdGuards() {
        var onSession: [String: Int] = [:]
        var acts: [String: [Timestamp]] = [:]
        for index in outcomes.indices where outcomes[index].result == .done && outcomes[index].rule.action != .leave {
            let rule = outcomes[index].rule
            let due = outcomes[index].due
            let place = "\(rule.name)\n\(outcomes[index].event.sessionID)"
            let hour = (acts[rule.name] ?? []).suffix(rule.maxPerHour).filter {
                due.duration(since: $0) < .seconds(3600)
            }
            if let refusal = rule.refusal(after: RuleUse(onSession: onSession[place] ?? 0, inHour: hour.count)) {
                outcomes[index].result = .dropped
                outcomes[index].detail = refusal
                continue
            }
            onSession[place, default: 0] += 1
            acts[rule.name, default: []].append(due)
            if rule.isDryRun { outcomes[index].result = .dry }
        }
    }

    /// The events of the wanted kinds, in the order of the store. `next` is the time when the session changed again, if it
    /// did.
    private static func history(
        _ connection: any SQLConnection, of wanted: Set<RuleEvent.Kind>, since start: Timestamp
    ) throws -> [(event: RuleEvent, next: Timestamp?)] {
        var history: [(event: RuleEvent, next: Timestamp?)] = []
        /// The events of each session after which it has not changed again.
        var open: [String: (state: String, indices: [Int])] = [:]
        try connection.forEach(historyQuery(connection.dialect), [.integer(start.nanoseconds)]) { row in
            let id = row.text(0)
            let at = Timestamp(nanoseconds: row.int(4))
            let after = try? connection.dialect == .postgreSQL ? JSON(parsing: row.blob(5))["after"] : nil
            let state = (connection.dialect == .sqlite ? row.textOrNil(5) : after?["state"]?.string) ?? ""
            let reason = row.textOrNil(2).flatMap(AttentionReason.init)
            if let earlier = open[id], earlier.state != state || reason != nil {
                for index in earlier.indices { history[index].next = at }
                // How a session has completed may be known only after its activities have been read.
                if reason == .expired || reason == .asked, earlier.state == state {
                    for index in earlier.indices where history[index].event.kind == .completed {
                        history[index].event.kind = RuleEvent.Kind(reason ?? .expired)
                        history[index].next = nil
                    }
                    return true
                }
                open[id] = nil
            }
            var kinds: [RuleEvent.Kind] = row.text(1) == "created" ? [.created] : []
            if let reason {
                kinds.append(RuleEvent.Kind(reason))
            } else if row.int(3) == 1, state == SessionState.completed.name {
                // It may turn out to be `expired` or `asked`.
                kinds.append(.completed)
            }
            guard !wanted.isDisjoint(with: kinds + (kinds.contains(.completed) ? [.expired, .asked] : [])),
                let session = (after.map { "\($0)" } ?? row.textOrNil(6)).flatMap({ Session(wire: Array($0.utf8)) })
            else { return true }
            let first = history.count
            history += kinds.map { (RuleEvent($0, of: session, at: at), nil) }
            if first < history.count { open[id] = (state, Array(first..<history.count)) }
            return true
        }
        history.removeAll { !wanted.contains($0.event.kind) }
        for index in history.indices { try connection.addText(to: &history[index].event) }
        return history
    }
}

extension RuleRehearsal {
    /// What has changed since a time. SQLite takes the session's state out of a delta, and the session if it may be needed. PostgreSQL
    /// cannot: its functions for JSON refuse a text with an escaped U+0000.
    private static func historyQuery(_ dialect: SQLDialect) -> String {
        switch dialect {
        case .sqlite:
            """
            SELECT session, change, reason, finished, at, json_extract(text, '$.after.state'),
                iif(reason IS NOT NULL OR finished OR change = 'created', json_extract(text, '$.after'), NULL)
            FROM (SELECT seq, session, change, reason, finished, at, CAST(body AS TEXT) AS text FROM delta
                WHERE at >= ? ORDER BY seq)
            """
        case .postgreSQL:
            "SELECT session, change, reason, finished, at, body FROM delta WHERE at >= ? ORDER BY seq"
        }
    }
}

extension SQLConnection {
    /// Adds the plan or question of an event, if it is stored: the newest one at that time, else the next one, which is read
    /// after the session is seen to wait.
    fileprivate func addText(to event: inout RuleEvent) throws {
        guard let reason = AttentionReason(rawValue: event.kind.rawValue), let cause = reason.cause else { return }
        let body = try first(
            """
            SELECT body FROM activity WHERE session = ? AND kind = ?
            ORDER BY created > ?, abs(created - ?) LIMIT 1
            """,
            [
                .text(event.sessionID), .text(cause.rawValue), .integer(event.at.nanoseconds),
                .integer(event.at.nanoseconds),
            ]
        ) { $0.blob(0) }
        if let body { event = event.about(body) }
    }
}
