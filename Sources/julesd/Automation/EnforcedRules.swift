// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The rules in force, with the time when each came into force.
struct EnforcedRules: Sendable {
    var set = RuleSet()
    var since: [String: Timestamp] = [:]

    /// The rule that decides about an event; `nil` if none does.
    func rule(for event: RuleEvent, at now: Timestamp) -> Rule? {
        set.first(for: event, now: now) { since[$0] }
    }

    /// The rule that made a decision, if it is unchanged and the event still holds.
    ///
    /// - Throws: `DecisionUnmetError` with the reason if not.
    func check(_ decision: Decision, _ standing: SessionStanding) throws(DecisionUnmetError) -> Rule {
        guard let rule = set.rules.first(where: { $0.name == decision.rule }), rule.action.name == decision.action
        else { throw DecisionUnmetError(reason: "the rule was taken out or changed") }
        guard let event = standing.event(decision.event) else {
            throw DecisionUnmetError(reason: "the reason went away")
        }
        guard rule.match.matches(event, since: since[rule.name] ?? decision.at) else {
            throw DecisionUnmetError(reason: "the rule does not match any more")
        }
        return rule
    }

    /// Which sessions the rules may match.
    var query: StandingQuery {
        let kinds = set.rules.map(\.match.kinds)
        let forCreated = set.rules.filter { $0.match.kinds.contains(.created) }
        let times = forCreated.map { rule in
            rule.match.includesExisting ? Timestamp(nanoseconds: .min) : since[rule.name]
        }
        return StandingQuery(
            completed: kinds.contains { $0.contains(.completed) }, createdSince: times.compactMap(\.self).min())
    }

    /// Whether a rule needs activities that nobody else is about to read.
    func want(_ kind: RuleEvent.Kind, of standing: SessionStanding) -> Bool {
        set.rules.contains { rule in
            guard rule.match.kinds.contains(kind) else { return false }
            if rule.match.includesExisting { return true }
            guard let entry = standing.entry, let since = since[rule.name] else { return false }
            return entry.since >= since
        }
    }
}
