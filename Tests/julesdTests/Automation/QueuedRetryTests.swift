// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOHTTP1
import TestSupport
import Testing

@testable import jules_simulator
@testable import julesd

private let retry = ["30-retry": "[Match]\nOn=failed\nExisting=yes\n[Action]\nRetry=yes\n"]

@Suite("A retry that waits for room", .timeLimit(.minutes(2)))
struct QueuedRetryTests {
    /// A daemon of an account that is full: one session has failed, another is at work, and only one may be.
    private func full(
        _ simulator: Simulator, store: StoreLocation = .memory(), clock: ManualClock = ManualClock(.now)
    ) async throws -> (failed: String, busy: String, bench: RuleBench, decision: Decision) {
        let failed = simulator.addSession()
        let busy = simulator.addSession()
        let bench = try await RuleBench(
            simulator, retry, store: store, clock: clock, limits: TaskLimits(atOnce: 1))
        try await bench.fail(failed, simulator)
        let decisions = try await bench.working { $0.first?.detail?.hasPrefix("in the queue as ") == true }
        return (failed, busy, bench, try #require(decisions.first))
    }

    private func entry(_ bench: RuleBench, of decision: Decision) async throws -> QueueEntry {
        try #require(try await bench.bench.queue.store.entry(retryOf: decision.id))
    }

    @Test("It stands in the queue under its rule's name, and begins once there is room")
    func room() async throws {
        try await withSimulator { simulator in
            let (failed, busy, bench, decision) = try await full(simulator)
            let listed = await bench.bench.send(.GET, "/api/queue").json["entries"]?.array?.first
            #expect(listed?["rule"] == "30-retry" && listed?["decisionId"]?.string == decision.id, "\(listed ?? .null)")
            #expect(decision.state == .waiting && simulator.count == 2)
            simulator.fail(busy)
            let decisions = try await bench.working { $0.contains { $0.state == .done } }
            let entry = try await entry(bench, of: decision)
            let created = try #require(entry.session)
            #expect(decisions.first { $0.state == .done }?.detail == "session \(created)")
            #expect(entry.state == .started && simulator.count == 3)
            #expect(try await bench.bench.store.standing(of: created)?.chain == failed)
        }
    }

    @Test("A person who acts first still wins, however long it has waited in the queue")
    func personFirst() async throws {
        try await withSimulator { simulator in
            let (failed, busy, bench, decision) = try await full(simulator)
            let direct = try await DaemonFixture(simulator.baseURL)
            try await direct.readList()
            for id in [failed, busy] {
                #expect(await direct.send(.POST, "/api/sessions/\(id)/archive").status == 200)
            }
            let decisions = try await bench.working(until: ended)
            #expect(decisions.map(\.state) == [.dropped] && decisions.first?.detail == "the reason went away")
            #expect(try await entry(bench, of: decision).state == .cancelled && simulator.count == 2)
        }
    }

    @Test("A session that turns out to be the result of a retry is not retried once more")
    func retryOfRetry() async throws {
        try await withSimulator { simulator in
            let (failed, busy, bench, decision) = try await full(simulator)
            // As if another instance had asked for the session and ended before it had the answer.
            try await bench.bench.store.write { connection in
                try connection.run(
                    """
                    INSERT INTO decision (\(Decision.columns), outcome) VALUES ('dec_0', 0, ?, '', 'first', 'e', 'failed', 'retry',
                        NULL, NULL, 'first', 0, 0, 0, 'done', NULL, ?)
                    """, .text(decision.rule), .text(failed))
            }
            try await bench.bench.polling {
                #expect(await bench.bench.send(.POST, "/api/sessions/\(busy)/archive").status == 200)
            }
            let decisions = try await bench.working { $0.contains { $0.id == decision.id && $0.state != .waiting } }
            let end = decisions.first { $0.id == decision.id }
            #expect(end?.state == .dropped && end?.detail == "MaxPerSession=1 is reached", "\(decisions)")
            #expect(try await entry(bench, of: decision).state == .cancelled && simulator.count == 2)
        }
    }

    @Test("A rule that is taken out takes its retries out of the queue")
    func takenOut() async throws {
        try await withSimulator { simulator in
            let (_, _, bench, decision) = try await full(simulator)
            try await bench.enforce([:])
            #expect(try await bench.bench.store.decision(decision.id)?.state == .dropped)
            let entry = try await entry(bench, of: decision)
            #expect(entry.state == .cancelled && entry.detail == "the rule was taken out")
        }
    }

    @Test("To cancel the decision is to cancel the entry, and the other way about", arguments: [true, false])
    func cancelled(byDecision: Bool) async throws {
        try await withSimulator { simulator in
            let (_, _, bench, decision) = try await full(simulator)
            let id = try await entry(bench, of: decision).id
            if byDecision {
                #expect(await bench.bench.send(.POST, "/api/decisions/\(decision.id)/cancel").status == 204)
            } else {
                #expect(await bench.bench.send(.DELETE, "/api/queue/\(id)").status == 204)
            }
            #expect(try await bench.bench.store.decision(decision.id)?.state == .dropped)
            #expect(try await entry(bench, of: decision).state == .cancelled)
        }
    }

    @Test("A refusal for lack of room does not end it, with or without a session created", arguments: [false, true])
    func refused(isCreated: Bool) async throws {
        try await withSimulator { simulator in
            let bench = try await RuleBench(simulator, retry)
            try await bench.fail(simulator.addSession(), simulator)
            simulator.add(Fault(kind: .refuse, operation: .createSession, executed: isCreated))
            let queue = bench.bench.queue
            let decisions = try await bench.working { ended($0) || queue.held != nil }
            #expect(decisions.map(\.state) == [isCreated ? .done : .waiting], "\(decisions)")
            #expect(simulator.count == (isCreated ? 2 : 1))
            guard !isCreated else { return }
            let decision = try #require(decisions.first)
            // The queue is held a moment before the entry's state is stored.
            while try await entry(bench, of: decision).state == .starting {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(try await entry(bench, of: decision).state == .waiting)
        }
    }

    @Test("A daemon that is killed between decision and queueing queues it once")
    func killed() async throws {
        try await withSimulator { simulator in
            let folder = try TemporaryFolder()
            let store = StoreLocation.file(path: "\(folder.path)/s.sqlite")
            let clock = ManualClock(.now)
            let (_, _, first, decision) = try await full(simulator, store: store, clock: clock)
            // As the store is after a kill before the entry was added.
            try await first.bench.store.write { connection in
                try connection.run("DELETE FROM queue_entry")
                try connection.run("UPDATE decision SET detail = NULL")
            }
            await first.bench.store.close()
            let again = try await RuleBench(
                simulator, retry, store: store, clock: clock, limits: TaskLimits(atOnce: 1))
            _ = try await again.working { $0.first?.detail?.hasPrefix("in the queue as ") == true }
            let wanted = NewSession(prompt: "Retry uploads.")
            #expect(try await again.bench.queue.store.add(wanted, retryOf: decision.id) == nil)
            #expect(try await again.bench.queue.waiting().count == 1)
            await again.bench.store.close()
        }
    }

    @Test("A store that was restored does not retry what may have been retried since")
    func restored() async throws {
        try await withSimulator { simulator in
            let (_, _, bench, decision) = try await full(simulator)
            try await bench.bench.store.write { _ = try $0.beginEpoch(above: 0, now: .now) }
            #expect(try await bench.bench.store.decision(decision.id)?.state == .dropped)
            #expect(try await entry(bench, of: decision).state == .cancelled)
        }
    }
}
