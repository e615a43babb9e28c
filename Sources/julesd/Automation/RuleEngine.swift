// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Checks the rules for every change, stores their decisions, and carries each out when it is due.
///
/// A decision is in the store before anything is sent. The list of sessions to check is not stored: after a start all
/// sessions are checked, and no event is decided twice.
final class RuleEngine: Sendable {
    /// Called with each decision when it is made and when it ends.
    typealias Observer = @Sendable (Decision) -> Void

    private struct State {
        var rules = EnforcedRules()
        /// Sessions with activities that must be read before rules can decide.
        var unread: [String: Unread] = [:]
        /// Whether every session must be checked.
        var isFresh = true
        /// The decisions that are being carried out.
        var underWay: Set<String> = []
    }

    /// Since when a session is known to be unread, and when it is checked again.
    private struct Unread {
        var since: Duration
        var next = Duration.zero
    }

    private let store: SessionStore
    private let executor: DecisionExecutor
    private let queue: TaskQueue
    private let lookup: SessionLookup
    private let onDecision: Observer
    private let logger: Logger
    private let touched: TouchedSessions
    private let state = Mutex(State())

    /// How many decisions are carried out at once: fewer than the requests that may go to the API at once, so that polling
    /// continues.
    static let concurrency = 3
    /// The longest pause before the store is checked again.
    static let longestPause = Duration.seconds(30)
    /// How long the poller has to read a session before the rules read it themselves.
    static let readingTime = Duration.seconds(20)

    init(
        store: SessionStore, actions: SessionActions, queue: TaskQueue, touched: TouchedSessions,
        onDecision: @escaping Observer = { _ in },
        logger: Logger
    ) {
        self.store = store
        self.queue = queue
        self.touched = touched
        self.onDecision = onDecision
        self.logger = logger
        lookup = actions.lookup
        executor = DecisionExecutor(store: store, actions: actions, queue: queue)
        queue.owner = self
    }

    /// Uses these rules from now on, and checks every session. Waiting decisions of removed rules are dropped.
    ///
    /// - Throws: if the store fails. The old rules then stay in force.
    func apply(_ set: RuleSet) async throws {
        let (since, dropped) = try await store.enforce(rules: set.rules.map(\.name), at: store.wallNow)
        touched.want(!set.rules.isEmpty)
        state.withLock { state in
            state.rules = EnforcedRules(set: set, since: since)
            state.isFresh = true
        }
        for var decision in dropped {
            decision.state = .dropped
            decision.detail = "the rule was taken out"
            await noteDropped(decision)
        }
        touched.signal.wake()
    }

    /// Reports a decision that was dropped in the store, by a person or with its rule.
    @Sendable func noteDropped(_ decision: Decision) async {
        tell(decision)
        if decision.began != nil { await queue.noteWithdrawn(decision.id) }
    }

    /// Runs until the task is cancelled. The next start finishes decisions that are being carried out then.
    func run() async {
        state.withLock { $0.isFresh = true }
        var hasBaseline = false
        while !Task.isCancelled {
            var pause = Self.longestPause
            do {
                if !hasBaseline {
                    hasBaseline = try await store.hasBaseline()
                    // The first read of the account stores sessions without reporting them.
                    if hasBaseline { state.withLock { $0.isFresh = true } } else { pause = .seconds(1) }
                }
                try await look()
                pause = min(pause, try await carryOut())
                if try await readNext() { pause = .zero }
                if state.withLock({ !$0.unread.isEmpty }) { pause = min(pause, .seconds(1)) }
            } catch {
                // The store has already reported its error.
                pause = .seconds(1)
            }
            _ = await touched.signal.sleep(pause)
        }
    }

    /// Checks the rules for every session that has changed.
    private func look() async throws {
        let (rules, isFresh) = state.withLock { state in
            defer { state.isFresh = false }
            return (state.rules, state.isFresh)
        }
        guard !rules.set.rules.isEmpty else { return }
        if isFresh {
            do { touched.add(try await store.sessionIDs(rules.query)) } catch {
                state.withLock { $0.isFresh = true }
                throw error
            }
        }
        let now = Duration.monotonic
        touched.add(state.withLock { state in state.unread.filter { $0.value.next <= now }.keys })
        while let id = touched.next() {
            do { try await look(at: id, rules) } catch {
                touched.add([id])
                throw error
            }
        }
    }

    private func look(at id: String, _ rules: EnforcedRules) async throws {
        guard let standing = try await store.standing(of: id) else { return note(id, isUnread: false) }
        // If the poller is about to read the session, a change will report it, but not the end of the read.
        let isUnread = standing.unread.map { !standing.isSettled || rules.want($0, of: standing) } == true
        note(id, isUnread: isUnread, isForUs: standing.isSettled)
        for event in standing.events where !standing.decided.contains(event.key) {
            guard let rule = rules.rule(for: event, at: store.wallNow) else { continue }
            if event.kind == .failed || event.kind == .expired, try await mayBeUnknownRetry(standing.session) {
                note(id, isUnread: true)
                continue
            }
            let decision = Decision(
                of: rule, about: event, chain: standing.chain, at: store.wallNow, steady: store.clock.now)
            if try await store.decide(decision) { tell(decision) }
        }
    }

    /// Checks a session again after as long as it has waited, but at least a second and at most `readingTime`.
    ///
    /// - Parameter isForUs: whether the poller is not about to read it.
    private func note(_ id: String, isUnread: Bool, isForUs: Bool = false) {
        state.withLock { state in
            guard isUnread else { return state.unread[id] = nil }
            let now = Duration.monotonic
            var unread = state.unread[id] ?? Unread(since: isForUs ? now - Self.readingTime : now)
            unread.next = now + min(max(now - unread.since, .seconds(1)), Self.readingTime)
            state.unread[id] = unread
        }
    }

    /// Whether the session may come from a retry that is in progress, so that its chain is not known yet.
    private func mayBeUnknownRetry(_ session: Session) async throws -> Bool {
        guard let began = try await store.retryUnderWay() else { return false }
        return session.createTime >= began.advanced(by: .zero - RequestAttempt.clockError)
    }

    /// Reads a session that has waited too long, if a rule needs it. Returns `false` if there is none.
    private func readNext() async throws -> Bool {
        let now = Duration.monotonic
        let (rules, due) = state.withLock { state in
            (state.rules, state.unread.first { now - $0.value.since >= Self.readingTime }?.key)
        }
        guard let due else { return false }
        // Whatever the result is, the other sessions come first now.
        state.withLock { $0.unread[due]?.since = now }
        guard let standing = try await store.standing(of: due), let kind = standing.unread,
            rules.want(kind, of: standing)
        else {
            return true
        }
        try? await lookup.readActivities(of: due)
        touched.add([due])
        return true
    }

    /// Begins the decisions that are due. Returns how long until the next one.
    private func carryOut() async throws -> Duration {
        let now = store.clock.now
        let due = try await store.dueDecisions(at: now, limit: 2 * Self.concurrency)
        for decision in due {
            let rules: EnforcedRules? = state.withLock { state in
                guard state.underWay.count < Self.concurrency, state.underWay.insert(decision.id).inserted else {
                    return nil
                }
                return state.rules
            }
            guard let rules else { continue }
            // Not a child of this task, because the end of the daemon does not wait for Jules.
            Task { await carryOut(decision, by: rules) }
        }
        return try await store.nextDecision(after: now)?.duration(since: now) ?? Self.longestPause
    }

    private func carryOut(_ decision: Decision, by rules: EnforcedRules) async {
        let result = await executor.carryOut(decision.id, by: rules)
        do { try await keep(result, of: decision) } catch {
            // The store has reported its error. Until it works again, the decision is neither ended nor begun again.
            try? await Task.sleep(for: .seconds(1))
        }
        state.withLock { _ = $0.underWay.remove(decision.id) }
        touched.signal.wake()
    }

    private func keep(_ result: DecisionResult, of decision: Decision) async throws {
        var ended = decision
        switch result {
        case .over, .queued: return
        case .again(let pause, let isUndone, let detail):
            return try await store.postpone(decision.id, by: pause, isUndone: isUndone, detail)
        case .acknowledged:
            ended.state = .done
            return tell(ended)
        case .done:
            ended.state = .done
            ended.detail = nil
        case .dry: ended.state = .dry
        case .dropped(let detail):
            ended.state = .dropped
            ended.detail = detail
        case .failed(let detail):
            ended.state = .failed
            ended.detail = detail
        }
        guard try await store.end(decision.id, as: ended.state, ended.detail) else { return }
        tell(ended)
    }

    private func tell(_ decision: Decision) {
        onDecision(decision)
        decision.log(to: logger)
    }
}

extension RuleEngine: RetryOwner {
    func confirmRetry(of decision: String) async throws {
        try await executor.confirmRetry(of: decision, by: state.withLock(\.rules))
    }

    func noteRetryEnded(of decision: String) async {
        if let decision = try? await store.decision(decision), decision.state != .waiting { tell(decision) }
    }
}

extension Decision {
    /// The decision of a rule about an event.
    init(
        of rule: Rule, about event: RuleEvent, chain: String, at now: Timestamp, steady: Timestamp
    ) {
        self.init(
            id: "dec_\(randomToken().prefix(20))", at: now, rule: rule.name, file: rule.file,
            sessionID: event.sessionID, event: event.key, reason: event.kind.rawValue, action: rule.action.name,
            planID: event.planID, chain: chain, due: steady.advanced(by: rule.delay))
        switch rule.action {
        case .leave: state = .done
        case .reply(let text):
            let message = String(text.filled(for: event).prefix(SessionActions.longestMessage))
            self.text = message
            if message.allSatisfy(\.isWhitespace) {
                state = .failed
                detail = "the reply is empty"
            }
        case .approve, .retry, .archive, .acknowledge: break
        }
    }
}
