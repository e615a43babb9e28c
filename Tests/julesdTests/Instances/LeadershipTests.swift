// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization
import TestSupport
import Testing

@testable import julesd

@Suite("The lead among instances", .timeLimit(.minutes(3)))
struct LeadershipTests {
    /// One instance, and whether it leads as its work sees it.
    private struct Member {
        let store: SessionStore
        let instances: Instances
        let work: Task<Void, Never>
        let isWorking = WorkState()

        init(_ uri: String, _ name: String) async throws {
            store = SessionStore(try await PostgreSQLEngine.open(at: uri, instance: name))
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let instances = Instances(store, name: name, logger: logger)
            self.instances = instances
            work = Task { [isWorking] in
                await withDiscardingTaskGroup { group in
                    group.addTask { await instances.run { _ in } }
                    group.addTask {
                        await instances.whileLeading {
                            isWorking.term.withLock { $0 = LeaderTerm.current }
                            try? await Task.sleep(for: .seconds(3600))
                            isWorking.term.withLock { $0 = nil }
                        }
                    }
                }
            }
        }

        func end() async {
            work.cancel()
            await work.value
            await store.close()
        }
    }

    private final class WorkState: Sendable {
        /// The term for which the leader's work runs; `nil` while it does not run.
        let term = Mutex<Int64?>(nil)
        var current: Int64? { term.withLock(\.self) }
    }

    private final class Heard: Sendable {
        let list = Mutex<[Announcement]>([])
    }

    private func until(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(20)) }
    }

    @Test("One of several leads, and when it ends another one leads in a later term")
    func takeover() async throws {
        let uri = try PostgreSQLServer.database()
        let first = try await Member(uri, "a")
        try await until { first.isWorking.current != nil }
        let second = try await Member(uri, "b")
        try await until { second.instances.leader == "a" }
        #expect(!second.instances.isLeading)
        #expect(second.isWorking.current == nil)
        let term = try #require(first.isWorking.current)
        await first.end()
        try await until { second.isWorking.current != nil }
        #expect(second.isWorking.current == term + 1)
        #expect(second.instances.leader == "b")
        await second.end()
    }

    @Test("A leader whose link is cut stops its work, and it or another one leads in a later term")
    func cutLink() async throws {
        let uri = try PostgreSQLServer.database()
        let member = try await Member(uri, "a")
        try await until { member.isWorking.current != nil }
        let term = try #require(member.isWorking.current)
        try PostgreSQLConnection(uri: uri, application: "test").execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'julesd a link'"
        )
        try await until { (member.isWorking.current ?? term) > term }
        #expect(member.isWorking.current == term + 1)
        await member.end()
    }

    @Test("A leader that has been silent for too long is ended by the next instance")
    func silentLeader() async throws {
        let uri = try PostgreSQLServer.database()
        let member = try await Member(uri, "a")
        try await until { member.isWorking.current != nil }
        await member.end()
        // A connection that holds the lock and does nothing, as that of a process that was stopped.
        let stopped = try PostgreSQLConnection(uri: uri, application: "stopped")
        try stopped.execute("SELECT pg_advisory_lock(1786080357, 'log'::regclass::oid::bigint::bit(32)::int)")
        let next = try await Member(uri, "b")
        try await until { next.isWorking.current != nil }
        #expect(throws: PostgreSQLError.self) { try stopped.execute("SELECT 1") }
        await next.end()
    }

    @Test("What one instance announces the others hear, and it does not hear itself")
    func announcements() async throws {
        let uri = try PostgreSQLServer.database()
        let heard = Heard()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let stores = [
            SessionStore(try await PostgreSQLEngine.open(at: uri, instance: "a")),
            SessionStore(try await PostgreSQLEngine.open(at: uri, instance: "b")),
        ]
        let members = stores.map { Instances($0, name: "x", logger: logger) }
        let tasks = members.map { member in
            Task { await member.run { announcement in heard.list.withLock { $0.append(announcement) } } }
        }
        try await until { members.contains(where: \.isLeading) && members.allSatisfy { $0.leader != nil } }
        let ids = (0..<2_000).map { "activity\($0)" }
        members[0].announce(.activities(session: "1", ids: ids))
        members[1].announce(.queueEntry("q1"))
        try await until {
            heard.list.withLock { heard in heard.contains(.queueEntry("q1")) && heard.flatMap(\.ids).count >= ids.count
            }
        }
        #expect(heard.list.withLock { $0.flatMap(\.ids) } == ids)
        #expect(heard.list.withLock { $0.count { $0 == .queueEntry("q1") } } == 1)
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        for store in stores { await store.close() }
    }
}

extension Announcement {
    fileprivate var ids: [String] { if case .activities(_, let ids) = self { ids } else { [] } }
}
