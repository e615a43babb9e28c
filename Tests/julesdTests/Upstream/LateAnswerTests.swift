// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import julesd

@Suite("Late answers", .timeLimit(.minutes(1)))
struct LateAnswerTests {
    private static let gone = ScriptedServer.Answer.error(404, "NOT_FOUND")

    private static func present(_ state: String) -> ScriptedServer.Answer {
        .json(String(decoding: session("1", state: state).body, as: UTF8.self))
    }

    /// Reads a session directly, and records a newer list before the answer arrives.
    private func overtake(_ answer: ScriptedServer.Answer) async throws -> [SessionDelta] {
        let states = Mutex(["IN_PROGRESS", "COMPLETED", "COMPLETED"])
        let (held, release) = AsyncStream<Void>.makeStream()
        let server = try await ScriptedServer { request in
            if request.path == "/sessions/1" {
                for await _ in held { break }
                return answer
            }
            let state = states.withLock { $0.removeFirst() }
            return .json(#"{"sessions":[\#(String(decoding: session("1", state: state).body, as: UTF8.self))]}"#)
        }
        let bench = try await DaemonFixture(server.url)
        try await bench.readList()
        async let refreshed = bench.send(.GET, "/api/sessions/1?refresh=1")
        for await request in server.arrivals where request.path == "/sessions/1" { break }
        try await bench.readList()
        release.yield()
        #expect(await refreshed.status == 200)
        try await bench.readList()
        return try await bench.store.changes(after: bench.store.origin).deltas
    }

    @Test("A direct read that is older than a recorded list does not undo it, and the end is reported once")
    func overtaken() async throws {
        let deltas = try await overtake(Self.present("IN_PROGRESS"))
        #expect(deltas.map(\.change) == [.created, .updated])
        #expect(deltas.map(\.finished) == [false, true])
    }

    @Test("A session in a newer list is not deleted by an older answer")
    func overtakenAbsence() async throws {
        let deltas = try await overtake(Self.gone)
        #expect(deltas.map(\.change) == [.created, .updated])
    }

    @Test("A direct read that is older than a poll without news does not undo what the poll has shown")
    func overtakenByUnchangedPage() async throws {
        let polls = Mutex(0)
        let (held, release) = AsyncStream<Void>.makeStream()
        let server = try await ScriptedServer { request in
            if request.path == "/sessions/1" {
                for await _ in held { break }
                return Self.present("IN_PROGRESS")
            }
            guard request.path == "/sessions" else { return .json("{}") }
            polls.withLock { $0 += 1 }
            return .json(#"{"sessions":[\#(String(decoding: session("1", state: "COMPLETED").body, as: UTF8.self))]}"#)
        }
        let bench = try await DaemonFixture(server.url)
        @Sendable func awaitPolls(_ more: Int) async throws {
            let before = polls.withLock(\.self)
            while polls.withLock({ $0 < before + more }) { try await Task.sleep(for: .milliseconds(5)) }
        }
        try await bench.polling {
            // The first poll brings the session, and the next ones bring nothing new.
            try await awaitPolls(4)
            let before = bench.store.head
            async let refreshed = bench.send(.GET, "/api/sessions/1?refresh=1")
            for await request in server.arrivals where request.path == "/sessions/1" { break }
            try await awaitPolls(3)
            release.yield()
            #expect(await refreshed.status == 200)
            try await awaitPolls(2)
            #expect(bench.store.head == before)
        }
    }

    /// An account with one session, whose activities the test adds.
    private final class Account: Sendable {
        let activities = Mutex<[Activity]>([])
        /// The times from which activities were requested.
        let starts = Mutex<[Timestamp?]>([])
        private let server = Mutex<ScriptedServer?>(nil)

        func bench(clocks: @escaping @Sendable () -> ClockReading = ClockReading.now) async throws -> DaemonFixture {
            let server = try await ScriptedServer { [weak self] request in
                guard let self else { return .hangUp }
                guard request.path.hasSuffix("/activities") else { return LateAnswerTests.present("IN_PROGRESS") }
                let since = (request.query["filter"] ?? "").split(separator: "\"").dropFirst().first
                    .flatMap { Timestamp(rfc3339: String($0)) }
                starts.withLock { $0.append(since) }
                let shown = activities.withLock(\.self).filter { activity in
                    since.map { activity.createTime > $0 } ?? true
                }
                let bodies = shown.map { String(decoding: $0.body, as: UTF8.self) }
                return .json(#"{"activities":[\#(bodies.joined(separator: ","))]}"#)
            }
            self.server.withLock { $0 = server }
            let bench = try await DaemonFixture(server.url, clocks: clocks)
            _ = try await bench.store.record([session("1")], as: .baseline, at: .now)
            return bench
        }

        func add(_ activity: Activity) { activities.withLock { $0.append(activity) } }
    }

    private func known(_ bench: DaemonFixture) async throws -> Set<String> {
        Set(
            try await bench.store.activities(of: "1", createdAfter: Timestamp(nanoseconds: 0))
                .map(\.id))
    }

    @Test("A plan that is listed late, after newer activities, can be approved by its id", arguments: [0, 5_000_000])
    func latePlan(earlier: Int) async throws {
        let account = Account()
        let bench = try await account.bench()
        account.add(activity("new", created: 60_000_000))
        try await bench.upstream.stalls.reader.read("1", for: .background)
        let plan = #""planGenerated":{"plan":{"id":"p1","steps":[]}}"#
        account.add(activity("late", created: 60_000_000 - earlier, member: plan))
        let answer = await bench.send(.POST, "/api/sessions/1/approve", #"{"planId":"p1"}"#)
        #expect(answer.status == 200)
        #expect(try await known(bench) == ["new", "late"])
    }

    @Test("An activity that is listed late is read after the session changes its state, and no other is read twice")
    func lateAtChange() async throws {
        let account = Account()
        let bench = try await account.bench()
        let reader = bench.upstream.stalls.reader
        account.add(activity("new", created: 60_000_000))
        for _ in 1...2 { try await reader.read("1", for: .background) }
        account.add(activity("late", created: 50_000_000))
        _ = try await bench.store.record([session("1", title: "Renamed")], as: .live, at: .now)
        try await reader.read("1", for: .background)
        #expect(try await known(bench) == ["new"])
        _ = try await bench.store.record([session("1", state: "AWAITING_USER_FEEDBACK")], as: .live, at: .now)
        try await reader.read("1", for: .background)
        #expect(try await known(bench) == ["new", "late"])
        try await reader.read("1", for: .background)
        let newest = activity("new", created: 60_000_000).createTime
        #expect(account.starts.withLock(\.self) == [nil, newest, newest, newest.advanced(by: .seconds(-30)), newest])
    }

    @Test("Removed activities are not read again, whatever the session does, and do not end a silence")
    func pruned() async throws {
        let clock = ManualClock(.now)
        let account = Account()
        let bench = try await account.bench(clocks: clock.read)
        let reader = bench.upstream.stalls.reader
        for number in 1...5 { account.add(activity("\(number)", created: number)) }
        try await reader.read("1", for: .background)
        #expect(try await known(bench).count == 5)
        while try await bench.store.pruneStep(before: .now.advanced(by: .seconds(3600))) {}
        #expect(try await known(bench).isEmpty)
        clock.advance(by: .seconds(900))
        try await reader.read("1", for: .background, attempt: 2)
        #expect(try await bench.store.silentSessions() == ["1"])
        for state in ["AWAITING_USER_FEEDBACK", "IN_PROGRESS"] {
            _ = try await bench.store.record([session("1", state: state)], as: .live, at: .now)
            try await reader.read("1", for: .background, attempt: 2)
        }
        #expect(try await known(bench).isEmpty)
        account.add(activity("6", created: 6))
        try await reader.read("1", for: .background)
        #expect(try await known(bench) == ["6"])
    }
}
