// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Carries decisions out, through the actions that people use too. Each decision has a key of its own, so that Jules executes
/// it once even if the daemon is killed several times.
struct DecisionExecutor: Sendable {
    let store: SessionStore
    let actions: SessionActions
    let queue: TaskQueue

    /// Carries a decision out, if its rule is unchanged and its event still holds.
    ///
    /// - Parameter id: the decision's id. Its state is read from the store, because it may have ended since it was found due.
    func carryOut(_ id: String, by rules: EnforcedRules) async -> DecisionResult {
        var decision: Decision
        do {
            guard let stored = try await store.decision(id), stored.state == .waiting else { return .over }
            decision = stored
        } catch {
            return DecisionResult(error, age: .zero, wasTried: true)
        }
        do {
            if decision.began == nil {
                guard let standing = try await store.standing(of: decision.sessionID) else {
                    return .dropped("the session is gone")
                }
                let rule = try rules.check(decision, standing)
                switch try await store.begin(
                    decision, within: DecisionLimits(perSession: rule.maxPerSession, perHour: rule.maxPerHour))
                {
                case .begun(let time): decision.began = time
                case .limited(let onSession, let inHour):
                    let use = RuleUse(onSession: onSession, inHour: inHour)
                    return .dropped(rule.refusal(after: use) ?? "a guard holds")
                case .over: return .over
                }
                if rule.isDryRun { return .dry }
            }
            return try await perform(decision, by: rules)
        } catch {
            let age = decision.began.map { store.clock.now.duration(since: $0) } ?? .zero
            return DecisionResult(error, age: age, wasTried: decision.tried != nil)
        }
    }

    private func perform(_ decision: Decision, by rules: EnforcedRules) async throws -> DecisionResult {
        let id = decision.sessionID
        let condition: @Sendable () async throws -> Void = { _ = try await confirm(decision, by: rules) }
        switch decision.action {
        case "approve":
            _ = try await actions.approve(id, plan: decision.planID, under: decision.key, provided: condition)
        case "reply":
            try await actions.send(decision.text ?? "", to: id, under: decision.key, provided: condition)
        case "retry":
            guard let standing = try await store.standing(of: id) else { return .dropped("the session is gone") }
            try await queue.add(NewSession(retrying: standing), retryOf: decision.id)
            return .queued
        case "archive":
            if decision.tried != nil, try await store.session(id)?.archived == true { return .done }
            try await condition()
            _ = try await actions.setArchived(true, id)
        case "acknowledge":
            guard let standing = try await store.standing(of: id) else { return .dropped("the session is gone") }
            _ = try rules.check(decision, standing)
            return try await store.acknowledge(for: decision) ? .acknowledged : .over
        default: return .failed("this release knows no action \(decision.action)")
        }
        return .done
    }

    /// Reads the session from Jules, checks the decision again, and records that the action is about to be requested.
    ///
    /// - Throws: `DecisionUnmetError` if the rule or the event no longer holds; `DecisionUnsettledError` if an earlier
    ///   attempt may still take effect; `UpstreamError`.
    private func confirm(_ decision: Decision, by rules: EnforcedRules) async throws {
        if let tried = decision.tried {
            let remaining = DecisionResult.settleTime - store.clock.now.duration(since: tried)
            guard remaining <= .zero else { throw DecisionUnsettledError(remaining: remaining) }
        }
        _ = try await check(decision, by: rules)
        guard try await store.noteTry(of: decision.id) else {
            throw DecisionUnmetError(reason: "it has ended meanwhile")
        }
    }

    /// Reads the session from Jules and checks whether the decision's event still holds.
    ///
    /// - Throws: `DecisionUnmetError` if the rule or the event no longer holds; `UpstreamError`.
    private func check(
        _ decision: Decision, by rules: EnforcedRules
    ) async throws -> (rule: Rule, standing: SessionStanding) {
        guard try await actions.lookup.refresh(decision.sessionID) != nil else {
            throw DecisionUnmetError(reason: "the session is gone")
        }
        try await actions.lookup.readActivities(of: decision.sessionID)
        guard let standing = try await store.standing(of: decision.sessionID) else {
            throw DecisionUnmetError(reason: "the session is gone")
        }
        return (try rules.check(decision, standing), standing)
    }

    /// Checks whether the retry of a decision is still wanted.
    ///
    /// - Throws: `RetryWithdrawnError` if it is not, `UpstreamError`.
    func confirmRetry(of id: String, by rules: EnforcedRules) async throws {
        guard let decision = try await store.decision(id), decision.state == .waiting else {
            throw RetryWithdrawnError(reason: "the decision has ended")
        }
        do {
            let (rule, standing) = try await check(decision, by: rules)
            guard standing.chain != decision.chain else { return }
            // The session is the result of a retry, and that was not known when the decision was made.
            let use = RuleUse(onSession: try await store.move(decision, to: standing.chain))
            if let refusal = rule.refusal(after: use) { throw RetryWithdrawnError(reason: refusal) }
        } catch let error as DecisionUnmetError {
            throw RetryWithdrawnError(reason: error.reason)
        }
    }
}

extension Decision {
    /// The idempotency key, so that Jules executes the request once.
    fileprivate var key: IdempotencyKey {
        IdempotencyKey(
            text: "rule \(id)", target: "\(action) \(sessionID)",
            digest: sha256(Array("\(planID ?? "")\n\(text ?? "")".utf8)))
    }
}
