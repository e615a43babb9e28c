// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import TestSupport
import Testing

@testable import julesd

@Suite("The budget of several instances", .timeLimit(.minutes(3)))
struct StoredBudgetTests {
    private let uri: String
    private let server: ScriptedServer

    init() async throws {
        uri = try PostgreSQLServer.database()
        server = try await ScriptedServer { _ in .json("{}") }
    }

    /// An instance, as far as it asks the API.
    private struct Member {
        let store: SessionStore
        let gate: UpstreamGate

        init(_ uri: String, _ server: ScriptedServer, limit: Int) async throws {
            let opened = try await PostgreSQLEngine.open(at: uri, instance: "test")
            store = SessionStore(opened)
            let engine = try #require(opened.engine as? PostgreSQLEngine)
            gate = UpstreamGate(
                client: DaemonFixture.client(server.url), budget: limit, shared: StoredBudget(engine: engine),
                health: UpstreamHealth { _ in })
            let key = try #require(gate.unknownKey)
            #expect(gate.note(.ours, of: key))
        }

        /// Makes a request; its error if it fails.
        func ask(_ purpose: RequestBudget.Purpose = .user) async -> UpstreamError? {
            do throws(UpstreamError) {
                try await gate.call(for: purpose, patience: .seconds(5)) { (client) throws(UpstreamError) in
                    _ = try await client.sessions(pageToken: nil, pageSize: 1)
                }
                return nil
            } catch { return error }
        }
    }

    private func members(_ count: Int, limit: Int = 20) async throws -> [Member] {
        var members: [Member] = []
        for _ in 0..<count { members.append(try await Member(uri, server, limit: limit)) }
        return members
    }

    /// Asks `times` times at each member at once. Returns the errors.
    private func ask(_ members: [Member], times: Int) async -> [UpstreamError] {
        await withTaskGroup(of: UpstreamError?.self) { group in
            for member in members { for _ in 0..<times { group.addTask { await member.ask() } } }
            return await group.reduce(into: []) { errors, error in if let error { errors.append(error) } }
        }
    }

    /// Runs a statement beside all instances.
    private func run(_ sql: String) throws {
        try PostgreSQLConnection(uri: uri, application: "beside").execute(sql)
    }

    @Test("Instances that ask at the same time send as many requests together as one may, in any window")
    func together() async throws {
        let first = try await members(6)
        let errors = await ask(first, times: 10)
        #expect(server.requests.count == 20)
        #expect(errors.count == 40)
        #expect(errors.allSatisfy { ($0.retryAfter ?? .zero) > .seconds(50) })
        // Each knows what the others have sent once it was refused.
        for member in first {
            #expect(await member.ask()?.retryAfter != nil)
            #expect(member.gate.budgetState.remaining == 0)
        }
        // As if seven of the requests had been sent a minute ago.
        try run(
            """
            UPDATE upstream_request SET at = at - 61000000000
            WHERE number IN (SELECT number FROM upstream_request ORDER BY number LIMIT 7)
            """)
        let later = try await members(2)
        #expect(await ask(later, times: 10).count == 13)
        #expect(server.requests.count == 27)
        for member in first + later { await member.store.close() }
    }

    @Test("What is reserved for users is reserved for the users of all instances")
    func reserved() async throws {
        let members = try await members(2)
        for _ in 0..<10 { #expect(await members[0].ask(.background) == nil) }
        #expect(await members[1].ask(.background)?.retryAfter != nil)
        #expect(await members[1].ask(.user) == nil)
        for member in members { await member.store.close() }
    }

    @Test("A request that waits for the budget is sent when others' requests are a minute old")
    func waits() async throws {
        let members = try await members(2)
        for _ in 0..<20 { #expect(await members[0].ask() == nil) }
        // The first of them ends to count in half a second.
        try run("UPDATE upstream_request SET at = at - 60500000000")
        #expect(await members[1].ask() == nil)
        #expect(server.requests.count == 21)
        for member in members { await member.store.close() }
    }

    @Test("A former leader sends nothing, and neither does an instance whose request another one has taken over")
    func fenced() async throws {
        let member = try await members(1)[0]
        try run("UPDATE log SET term = 8; INSERT INTO key_claim VALUES ('k', 'other')")
        let former = await LeaderTerm.$current.withValue(7) { await member.ask(.poll) }
        #expect(former == .withheld(.anotherLeads))
        let late = await KeyClaim.$current.withValue(KeyClaim(key: "k", instance: "me")) { await member.ask() }
        #expect(late == .withheld(.keyTaken))
        #expect(server.requests.isEmpty)
        #expect(await LeaderTerm.$current.withValue(8) { await member.ask(.poll) } == nil)
        #expect(server.requests.count == 1)
        await member.store.close()
    }

    @Test("While the store is away nothing is sent, and afterwards requests are sent again")
    func away() async throws {
        let member = try await members(1)[0]
        #expect(await member.ask() == nil)
        try run(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'julesd test coordination' AND datname = current_database()
            """)
        #expect(await member.ask() == .withheld(.storeUnavailable))
        #expect(await member.ask() == nil)
        #expect(server.requests.count == 2)
        #expect(member.gate.health.status.trouble == nil)
        await member.store.close()
    }

    @Test("A permission that was not used in time is given back for a new one")
    func lateGrant() async throws {
        let store = SessionStore(try await PostgreSQLEngine.open(at: uri, instance: "test"))
        let shared = StoredBudget(engine: try #require(store.engine as? PostgreSQLEngine))
        var grant: SharedBudgetGrant?
        for _ in 0..<30 {
            let decision = try await shared.take(for: .user, from: RequestBudget(limit: 10), insteadOf: grant)
            guard case .granted(let new) = decision else {
                Issue.record("refused")
                break
            }
            #expect(new.number != grant?.number)
            grant = new
        }
        let grantedAt = try #require(grant?.at)
        #expect(grant?.isValid(at: grantedAt + .milliseconds(499)) == true)
        #expect(grant?.isValid(at: grantedAt + .milliseconds(500)) == false)
        await store.close()
    }

    @Test("A request waits for no transaction that writes, and tells no other instance")
    func besideWriters() async throws {
        let member = try await members(1)[0]
        let writer = try PostgreSQLConnection(uri: uri, application: "writer")
        try writer.execute("BEGIN; SELECT * FROM log FOR UPDATE; LISTEN julesd")
        #expect(await member.ask() == nil)
        try writer.execute("COMMIT")
        #expect(await member.ask() == nil)
        #expect(try writer.notifications(within: .zero).isEmpty)
        await member.store.close()
    }

    @Test("Requests from the future, of a server whose clock was ahead, count for one window more")
    func future() async throws {
        let member = try await members(1)[0]
        #expect(await member.ask() == nil)
        try run("UPDATE upstream_request SET at = at + 3600000000000")
        #expect(await member.ask() == nil)
        let late = try PostgreSQLConnection(uri: uri, application: "beside").first(
            "SELECT count(*) FROM upstream_request WHERE at > \(ServerTime.sql)"
        ) { $0.int(0) }
        #expect(late == 0)
        await member.store.close()
    }

    @Test("If other instances use up the budget for probes, the last result of the probe stays")
    func probes() async throws {
        let members = try await members(2)
        let probe = UpstreamProbe(gate: members[0].gate)
        #expect(await probe.ask().stale == false)
        #expect(await members[1].ask(.probe) == nil)
        // A result is shared for this time.
        try await Task.sleep(for: UpstreamProbe.limit)
        let answer = await probe.ask()
        #expect(answer.stale && answer.trouble == nil)
        #expect(server.requests.count == 2)
        for member in members { await member.store.close() }
    }
}
