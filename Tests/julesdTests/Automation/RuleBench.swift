// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Testing

@testable import jules_simulator
@testable import julesd

/// The rules at work on a simulated account.
struct RuleBench {
    let bench: DaemonFixture
    let engine: RuleEngine
    let clock: ManualClock

    /// - Parameter rules: the texts of the rules by their names.
    init(
        _ simulator: Simulator, _ rules: [String: String], store: StoreLocation = .memory(),
        clock: ManualClock = ManualClock(.now), limits: TaskLimits = TaskLimits()
    ) async throws {
        let touched = TouchedSessions()
        self.clock = clock
        bench = try await DaemonFixture(
            simulator.baseURL, store: store, clocks: clock.read, limits: limits, touched: touched)
        engine = RuleEngine(
            store: bench.store, actions: bench.upstream.actions, queue: bench.queue, touched: touched,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await enforce(rules)
    }

    func enforce(_ rules: [String: String]) async throws {
        var set = RuleSet()
        for (name, text) in rules.sorted(by: { $0.key < $1.key }) {
            set.rules.append(try #require(try Rule(name: name, file: "\(name).rule", text: text)))
        }
        try await engine.apply(set)
    }

    /// Lets poller, rules and queue work until `isOver`.
    func working(until isOver: @escaping @Sendable ([Decision]) throws -> Bool) async throws -> [Decision] {
        try await bench.polling {
            let work = Task {
                async let queue: Void = bench.queue.run()
                await engine.run()
                await queue
            }
            defer { work.cancel() }
            while true {
                let decisions = try await bench.store.decisions(DecisionQuery()).decisions
                if try isOver(decisions) { return decisions }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    /// Makes a session fail, once the copy shows it: what has failed before it was ever seen is no news.
    func fail(_ id: String, _ simulator: Simulator) async throws {
        try await bench.polling {
            while try await bench.store.session(id) == nil { try await Task.sleep(for: .milliseconds(5)) }
        }
        simulator.fail(id)
    }

    func pass(_ time: Duration) { clock.advance(by: time) }
}

func ended(_ decisions: [Decision]) -> Bool {
    !decisions.isEmpty && decisions.allSatisfy { $0.state != .waiting }
}

extension Simulator {
    /// Makes a session fail.
    func fail(_ id: String) {
        withAccount { account in
            let now = account.now
            account.update(id) { session, _ in
                session.state = .failed
                session.due = nil
                session.updateTime = now
            }
        }
    }

    /// Puts another plan in the place of a session's plan.
    func replan(_ id: String) {
        withAccount { account in
            let now = account.now
            account.update(id) { session, knobs in
                session.waitAtGate(at: now, knobs)
                session.due = nil
            }
        }
    }

    var count: Int { withAccount { $0.sessions.count } }
}
