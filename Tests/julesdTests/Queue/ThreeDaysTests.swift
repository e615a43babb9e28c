// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import jules_simulator
@testable import julesd

/// Three days of an account that others use too, in steps of a minute. The store is used by one daemon after another.
///
/// The test computes from the account alone what the queue may do. It shares no code with the queue.
@Suite("Three days of the task queue", .timeLimit(.minutes(60)))
struct ThreeDaysTests {
    @Test("No task is lost or doubled, no limit is exceeded, and no place stays free for a minute")
    func threeDays() async throws {
        // The quick run does a part of them. All three days take minutes.
        let days = ProcessEnvironment.variables()["QUEUE_DAYS"].flatMap(Int.init) ?? 0
        try await withSimulator({ options in
            (options.start, options.speed) = (Days.start, 0)
            options.behavior.queued = .seconds(30)
            (options.behavior.questionRate, options.behavior.stuckRate) = (0, 0)
        }) { simulator in
            let folder = try TemporaryFolder()
            let run = try await Days(simulator, store: folder.path + "/sessions.sqlite", days: days)
            try await run.live()
            try await run.check()
        }
    }
}

private final class Days {
    static let start = Timestamp(milliseconds: 1_795_132_800_000)
    static let limits = TaskLimits(perDay: 100, atOnce: 15, atOncePerRepository: 10)
    /// Every fourth task has the same prompt.
    static func prompt(_ number: Int) -> String { number % 4 == 0 ? "the same" : "task \(number)" }

    private let simulator: Simulator
    private let store: StoreLocation
    private let minutes: Int
    private let tasks: Int
    private let clock = ManualClock(Days.start)
    private let passed = Mutex(Duration.zero)
    private var random = SplitMix64(seed: 15)
    private var bench: DaemonFixture
    private var entries: [String: String] = [:]
    private(set) var kills = 0
    /// The number of sessions at the last reading of the list.
    private var known = 0

    init(_ simulator: Simulator, store: String, days: Int) async throws {
        self.simulator = simulator
        self.store = .file(path: store)
        (minutes, tasks) = days > 0 ? (days * 1440, 400) : (240, 60)
        bench = try await Days.open(self.store, simulator, clock)
    }

    private static func open(_ store: StoreLocation, _ simulator: Simulator, _ clock: ManualClock) async throws
        -> DaemonFixture
    {
        var times = DaemonFixture.quick
        (times.searchPauses, times.retry, times.now) = ([.zero], .seconds(3600), { clock.read().wall })
        let bench = try await DaemonFixture(
            simulator.baseURL, store: store, times: times, clocks: clock.read, limits: limits,
            queueClock: QueueClock(now: { clock.read().wall }, elapsed: { clock.read().sinceBoot }))
        try await bench.queue.store.recover()
        return bench
    }

    func live() async throws {
        for number in 0..<tasks {
            let repository = number % 3 == 0 ? "" : #""repo":"acme/harbor","branch":"main","#
            let answer = await bench.send(
                .POST, "/api/sessions",
                #"{\#(repository)"prompt":"\#(Days.prompt(number))","queue":true,"priority":\#(number % 5)}"#)
            #expect(answer.status == 202)
            entries[answer.id ?? ""] = Days.prompt(number)
        }
        for _ in 0..<minutes { try await minute() }
    }

    private func minute() async throws {
        clock.advance(by: .seconds(60))
        simulator.advance(by: .seconds(60))
        others()
        if random.chance(0.05) { trouble() }
        if random.chance(0.03) { try await kill() }
        let before = simulator.withAccount { $0.sessions.count }
        // While the limit per day is reached, another reading of the same list would only cost time.
        if before == known, simulator.withAccount({ $0.createdWithinDay }) >= Days.limits.perDay {
            bench.upstream.reading.note(askedAt: .monotonic)
            while try await bench.queue.step() == .zero {}
        } else {
            try await bench.runQueue()
        }
        known = simulator.withAccount { $0.sessions.count }
        let (created, active, count) = simulator.withAccount { account in
            (account.createdWithinDay, account.sessions.values.count { $0.state.isActive }, account.sessions.count)
        }
        if count > before {
            #expect(created <= Days.limits.perDay && active <= Days.limits.atOnce, "\(clock.read().wall.rfc3339)")
        }
        try await checkIdle(created: created, active: active)
    }

    /// Another user creates or deletes a session on the web page.
    private func others() {
        let (creates, deletes) = (random.chance(0.015), random.chance(0.003))
        simulator.withAccount { account in
            if creates { _ = account.create(SessionDraft(prompt: "somebody else's")) }
            if deletes, let place = account.order.last, account.sessions[place.id]?.state.isActive == false {
                account.remove(place.id)
            }
        }
    }

    private func trouble() {
        // After a 429 the request queue waits in real time.
        let faults: [(Fault.Kind, executed: Bool)] = [
            (.refuse, true), (.refuse, false), (.status(429, html: false, .seconds(1)), false),
            (.status(503, html: true, .none), true), (.reset, true),
        ]
        let (kind, executed) = faults[Int(random.next() % UInt64(faults.count))]
        simulator.add(Fault(kind: kind, operation: .createSession, count: 1, executed: executed))
    }

    /// Ends the daemon at a random point of a start, and starts another one.
    private func kill() async throws {
        kills += 1
        try await bench.readList()
        bench.upstream.reading.note(askedAt: .monotonic)
        if random.chance(0.3) {
            // Between the record that a task is about to start and the request.
            if let entry = try await bench.queue.store.open().first { _ = try await bench.queue.store.begin(entry.id) }
        } else {
            // Between the request and the record of its answer.
            simulator.add(Fault(kind: .delay(.milliseconds(20)), operation: .createSession, count: 1))
            let requests = simulator.requests()
            let (old, creates) = (
                bench, Task { for await request in requests where request.operation == "createSession" { return } }
            )
            let step = Task {
                defer { creates.cancel() }
                while try await old.queue.step() == .zero, !Task.isCancelled {}
            }
            await creates.value
            try await old.failWrites()
            step.cancel()
            _ = await step.result
            simulator.withAccount { $0.faults.clear() }
        }
        await bench.store.close()
        bench = try await Days.open(store, simulator, clock)
    }

    /// If nothing holds the queue and the account has room, no task may be waiting that could start.
    private func checkIdle(created: Int, active: Int) async throws {
        let waiting = try await bench.queue.store.open()
        // A task that may have started keeps its place until that is certain.
        let kept = waiting.count(where: \.isUncertain)
        guard bench.queue.held == nil, created + kept < Days.limits.perDay, active + kept < Days.limits.atOnce
        else { return }
        let inHarbor = simulator.withAccount { account in
            account.sessions.values.count { $0.state.isActive && $0.draft.source == "sources/github/acme/harbor" }
        }
        let able = waiting.filter { $0.repository.isEmpty || inHarbor < Days.limits.atOncePerRepository }
        #expect(able.count == 0, "\(clock.read().wall.rfc3339): \(created) of the day, \(active) at work")
    }

    func check() async throws {
        let rest = try await bench.queue.store.open().map(\.id)
        let ended = try await bench.queue.store.ended(since: Timestamp(milliseconds: 0))
        let started = ended.filter { $0.state == .started }
        #expect(ended.count == started.count)
        #expect(Set(rest).union(started.map(\.id)) == Set(entries.keys))
        #expect(Set(started.compactMap(\.session)).count == started.count)
        let uncertain = try await bench.queue.store.open().filter(\.isUncertain)
        let made = simulator.withAccount { account in
            account.sessions.values.map(\.draft.prompt).filter { $0 != "somebody else's" }
        }
        let wanted = started.map { entries[$0.id] ?? "" }
        for (prompt, count) in Dictionary(grouping: made, by: \.self).mapValues(\.count) {
            let may = wanted.count { $0 == prompt } + uncertain.count { entries[$0.id] == prompt }
            #expect(count <= may, "\(prompt): \(count) sessions for \(may) tasks")
        }
        await bench.store.close()
        print("\(minutes) minutes, \(tasks) tasks, \(started.count) started, \(kills) kills")
    }
}
