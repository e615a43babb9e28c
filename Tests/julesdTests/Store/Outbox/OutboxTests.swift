// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization
import TestSupport
import Testing

@testable import julesd

@Suite("Outbox", .timeLimit(.minutes(2)))
struct OutboxTests {
    private let folder: TemporaryFolder
    private let now = Timestamp(milliseconds: 1_795_200_000_000)
    private let a = Self.url("https://a.example/secret-path")
    private let b = Self.url("https://b.example/secret-path")

    private let clock: ManualClock

    init() throws {
        folder = try TemporaryFolder()
        clock = ManualClock(now)
    }

    private static func url(_ text: String) -> WebhookURL {
        guard let url = WebURL(text) else { preconditionFailure("no URL: \(text)") }
        return WebhookURL(url)
    }

    private var file: StoreLocation { .file(path: folder.path + "/sessions.sqlite") }

    private func later(_ seconds: Int) -> Timestamp { now.advanced(by: .seconds(seconds)) }

    /// A store with these endpoints, its outbox, and the numbers of the endpoints.
    private let database = Result { TestStore.isOnServer ? try PostgreSQLServer.database() : "" }

    private func open(
        _ urls: [WebhookURL], at location: StoreLocation? = nil, events: Set<NotifyEvent> = Set(NotifyEvent.allCases)
    ) async throws -> (SessionStore, Outbox, [Int64]) {
        let store =
            if TestStore.isOnServer, location == nil {
                try await TestStore.open(at: database.get(), now: now, clocks: clock.read)
            } else {
                try await SessionStore(at: location ?? file, now: now, clocks: clock.read)
            }
        let outbox = Outbox(store: store)
        let registration = try await outbox.register(urls, events: events)
        return (store, outbox, registration.numbers)
    }

    /// A failure after which the delivery is tried again at that time, or is dead.
    private func failed(_ status: Int?, again: Timestamp? = nil) -> DeliveryFailure {
        DeliveryFailure(
            kind: .failed, status: status, reason: "r", next: again.map(DeliveryFailure.Next.again) ?? .dead(.expired))
    }

    private func due(_ outbox: Outbox, _ endpoint: Int64, at time: Timestamp? = nil) async throws -> [DueDelivery] {
        try await outbox.due(for: endpoint, at: time ?? now, limit: 100)
    }

    private func change(_ store: SessionStore, _ id: String, _ titles: String...) async throws {
        for title in titles { try await store.record([session(id, title: title)], as: .live, at: now) }
    }

    @Test("After its commit every delta is queued for every endpoint, equal to the one in the feed")
    func enqueues() async throws {
        let (store, outbox, numbers) = try await open([a, b])
        try await store.record([session("1"), session("2")], as: .live, at: now)
        let deltas = try await store.changes(after: store.origin).deltas
        for number in numbers {
            let due = try await due(outbox, number)
            #expect(due.map(\.sessionID) == ["1", "2"])
            #expect(due.map(\.body) == deltas.map(\.json))
        }
        let all = try await outbox.deliveries(in: nil, before: nil, limit: 100).deliveries
        #expect(Set(all.map(\.id)).count == 4 && Set(all.map(\.endpoint)) == [a.description, b.description])
        #expect(try await outbox.pendingCount() == 4)
        await store.close()
    }

    @Test("A failed transaction leaves neither a delta nor a delivery")
    func failedCommit() async throws {
        let (store, outbox, _) = try await open([a])
        await #expect(throws: CancellationError.self) {
            try await store.commit(at: now) { _, deltas in
                try deltas.append(before: nil, after: session("1"))
                throw CancellationError()
            }
        }
        #expect(try await outbox.pendingCount() == 0)
        await store.close()
    }

    @Test("Deltas of a session are due one after the other, and other sessions and endpoints do not wait")
    func order() async throws {
        let (store, outbox, numbers) = try await open([a, b])
        try await change(store, "1", "one", "two", "three")
        try await change(store, "2", "one")
        let first = try await due(outbox, numbers[0])
        #expect(first.map(\.sessionID) == ["1", "2"])

        try await outbox.note(failed(503, again: later(30)), of: first[0], for: numbers[0])
        try await outbox.noteDelivered(first[1], for: numbers[0], status: 204)
        #expect(try await due(outbox, numbers[0]).isEmpty)
        #expect(try await outbox.nextDue(for: numbers[0], after: now) == later(30))
        #expect(try await due(outbox, numbers[1]).map(\.sessionID) == ["1", "2"])

        let again = try #require(try await due(outbox, numbers[0], at: later(30)).first)
        #expect(again.id == first[0].id && again.failures == 1)
        clock.move(to: .seconds(30))
        try await outbox.noteDelivered(again, for: numbers[0], status: 200)
        let second = try #require(try await due(outbox, numbers[0], at: later(30)).first)
        #expect(try JSON(parsing: second.body)["after"]?["title"] == "two")
        // After a delivery is given up, its session goes on.
        clock.move(to: .seconds(30))
        try await outbox.note(failed(nil), of: second, for: numbers[0])
        let third = try #require(try await due(outbox, numbers[0], at: later(30)).first)
        #expect(try JSON(parsing: third.body)["after"]?["title"] == "three")

        let list = try await outbox.deliveries(in: nil, before: nil, limit: 100).deliveries
        let mine = list.filter { $0.endpoint == a.description && $0.sessionID == "1" }
        #expect(mine.map(\.state) == [.pending, .dead, .delivered])
        #expect(mine.map(\.attempts) == [0, 1, 2])
        #expect(mine[2].lastStatus == 200 && mine[2].lastError == nil && mine[2].delivered == later(30))
        #expect(mine[1].lastStatus == nil && mine[1].lastError == "r" && mine[1].nextAttempt == nil)
        await store.close()
    }

    @Test("Deliveries that are pending at a kill are pending after the restart, with the same ids")
    func survives() async throws {
        let (store, outbox, numbers) = try await open([a])
        try await change(store, "1", "one", "two")
        let first = try #require(try await due(outbox, numbers[0]).first)
        // Nothing is closed, as after kill -9.
        let (second, reopened, same) = try await open([a])
        #expect(same == numbers)
        #expect(try await due(reopened, numbers[0]) == [first])
        #expect(try await reopened.pendingCount() == 2)
        await second.close()
        await store.close()
    }

    @Test("A new endpoint starts with the next delta, and only deliveries of a removed endpoint are dead")
    func registration() async throws {
        let (store, outbox, numbers) = try await open([a])
        try await change(store, "1", "one")
        let both = try await outbox.register([b, a], events: Set(NotifyEvent.allCases))
        #expect(both.numbers[1] == numbers[0] && both.abandoned == 0)
        #expect(try await due(outbox, both.numbers[0]).isEmpty)
        #expect(try await due(outbox, numbers[0]).count == 1)
        try await change(store, "2", "one")
        #expect(try await due(outbox, both.numbers[0]).map(\.sessionID) == ["2"])

        let rest = try await outbox.register([b], events: Set(NotifyEvent.allCases))
        #expect(rest == Outbox.Registration(numbers: [both.numbers[0]], abandoned: 2))
        try await change(store, "3", "one")
        let dead = try await outbox.deliveries(in: .dead, before: nil, limit: 100).deliveries
        #expect(dead.map(\.sessionID) == ["2", "1"] && dead.allSatisfy { $0.endpoint == a.description })
        #expect(try await outbox.retry(dead[0].id) == .noEndpoint)
        #expect(try await due(outbox, rest.numbers[0]).map(\.sessionID) == ["2", "3"])
        await store.close()
    }

    @Test("A returning endpoint gets its pending deliveries in order, if they are less than three days old")
    func comesBack() async throws {
        let (store, outbox, numbers) = try await open([a])
        try await store.record([session("1", title: "old")], as: .live, at: now)
        let day = clock.move(to: .seconds(86_400))
        try await store.record([session("2", title: "one")], as: .live, at: day)
        try await store.record([session("2", title: "two")], as: .live, at: day)
        let all = Set(NotifyEvent.allCases)
        #expect(try await outbox.register([b], events: all).abandoned == 3)
        try await store.record([session("2", title: "meanwhile")], as: .live, at: day)

        let later = clock.move(to: Delivery.lifetime)
        #expect(try await outbox.register([a], events: all).numbers == numbers)
        try await store.record([session("2", title: "three")], as: .live, at: later)
        var titles: [String?] = []
        while let next = try await outbox.due(for: numbers[0], at: later, limit: 10).first {
            titles.append(try JSON(parsing: next.body)["after"]?["title"]?.string)
            try await outbox.noteDelivered(next, for: numbers[0], status: 200)
        }
        #expect(titles == ["one", "two", "three"])
        let dead = try await outbox.deliveries(in: .dead, before: nil, limit: 10).deliveries
        #expect(dead.filter { $0.endpoint == a.description }.map(\.sessionID) == ["1"])
        await store.close()
    }

    @Test("A returning endpoint does not get deliveries again that died for another reason")
    func comesBackAfterOtherEnds() async throws {
        let (store, outbox, numbers) = try await open([a])
        let all = Set(NotifyEvent.allCases)
        try await change(store, "1", "one")
        let first = try #require(try await due(outbox, numbers[0]).first)
        let refusal = DeliveryFailure(
            kind: .refused, status: 400, reason: "the endpoint is not in NOTIFY_WEBHOOK any more", next: .dead(.refused)
        )
        try await outbox.note(refusal, of: first, for: numbers[0])
        _ = try await outbox.register([b], events: all)
        _ = try await outbox.register([a], events: all)
        #expect(try await due(outbox, numbers[0]).isEmpty)
        await store.close()
    }

    @Test("After a migration dead deliveries have their reasons", .ofSQLite)
    func migration() async throws {
        do {
            let connection = try SQLiteConnection(path: folder.path + "/sessions.sqlite", mode: .readWriteCreate)
            try Migrator(applicationID: Schema.applicationID, migrations: Array(Schema.migrations.prefix(1)))
                .migrate(connection)
            try connection.run(
                "INSERT INTO endpoint VALUES (1, ?, 'a')", .text(hexadecimal(sha256(a.secret.reveal().utf8))))
            for (number, error) in [(1, "the endpoint is not in NOTIFY_WEBHOOK any more"), (2, "answered 500")] {
                try connection.run(
                    """
                    INSERT INTO delivery (number, id, endpoint, seq, session, state, began, error, created, body)
                    VALUES (?1, 'msg_' || ?1, 1, ?1, CAST(?1 AS TEXT), 'dead', ?2, ?3, ?2, x'7b7d')
                    """, .integer(Int64(number)), .integer(now.nanoseconds), .text(error))
            }
        }
        let (store, outbox, numbers) = try await open([a])
        #expect(try await due(outbox, numbers[0]).map(\.id) == ["msg_1"])
        let dead = try await store.read {
            try $0.query("SELECT ended FROM delivery WHERE state = 'dead'") { $0.text(0) }
        }
        #expect(dead == ["expired"])
        await store.close()
    }

    @Test("Failures and refusals are counted separately, throttled attempts never, and a manual retry resets both")
    func counts() async throws {
        let (store, outbox, numbers) = try await open([a])
        try await change(store, "1", "one")
        for (kind, failures, refusals) in [
            (DeliveryFailure.Kind.failed, 1, 0), (.refused, 1, 1), (.throttled, 1, 1), (.refused, 1, 2),
        ] {
            let next = try #require(try await due(outbox, numbers[0]).first)
            let failure = DeliveryFailure(kind: kind, status: 1, reason: "r", next: .again(now))
            try await outbox.note(failure, of: next, for: numbers[0])
            let after = try #require(try await due(outbox, numbers[0]).first)
            #expect(after.failures == failures && after.refusals == refusals, "\(kind)")
        }
        let last = try #require(try await due(outbox, numbers[0]).first)
        try await outbox.note(failed(500), of: last, for: numbers[0])
        #expect(try await outbox.retry(last.id) == .accepted)
        let again = try #require(try await due(outbox, numbers[0]).first)
        #expect(again.failures == 0 && again.refusals == 0)
        #expect(try await outbox.delivery(again.id)?.attempts == 5)
        await store.close()
    }

    @Test("Only the deltas in NOTIFY_EVENTS are sent")
    func events() async throws {
        let (store, outbox, numbers) = try await open([a], events: [.finished, .attention])
        try await store.record([session("1"), session("2")], as: .live, at: now)
        try await store.record([session("1", state: "COMPLETED")], as: .live, at: now)
        try await store.record([session("2", state: "AWAITING_PLAN_APPROVAL")], as: .live, at: now)
        try await store.recordDeletion(of: "1", at: now)
        let states = try await due(outbox, numbers[0]).map { try JSON(parsing: $0.body)["after"]?["state"]?.string }
        #expect(states == ["COMPLETED", "AWAITING_PLAN_APPROVAL"])
        await store.close()
    }

    @Test("After 410 all pending deliveries of the endpoint are dead, and none are added until it is registered again")
    func gone() async throws {
        let (store, outbox, numbers) = try await open([a, b])
        try await change(store, "1", "one", "two")
        let first = try #require(try await due(outbox, numbers[0]).first)
        #expect(try await outbox.noteGone(first, for: numbers[0]) == 2)
        #expect(try await outbox.noteGone(first, for: numbers[0]) == nil)
        try await change(store, "2", "one")
        #expect(try await due(outbox, numbers[0]).isEmpty)
        #expect(try await due(outbox, numbers[1]).count == 2)
        #expect(try await outbox.retry(first.id) == .noEndpoint)
        _ = try await outbox.register([a, b], events: Set(NotifyEvent.allCases))
        try await change(store, "3", "one")
        #expect(try await due(outbox, numbers[0]).map(\.sessionID) == ["3"])
        #expect(try await outbox.retry(first.id) == .accepted)
        await store.close()
    }

    @Test("A manual retry revives a dead delivery as the first of its session, and makes a pending one due now")
    func retry() async throws {
        let (store, outbox, numbers) = try await open([a])
        try await change(store, "1", "one", "two", "three")
        let first = try #require(try await due(outbox, numbers[0]).first)
        try await outbox.note(failed(500), of: first, for: numbers[0])
        let second = try #require(try await due(outbox, numbers[0]).first)
        try await outbox.note(failed(500, again: later(600)), of: second, for: numbers[0])

        #expect(try await outbox.retry(second.id) == .accepted)
        #expect(try await due(outbox, numbers[0]).map(\.id) == [second.id])
        clock.move(to: .seconds(1))
        #expect(try await outbox.retry(first.id) == .accepted)
        let back = try #require(try await due(outbox, numbers[0], at: later(1)).first)
        #expect(back.id == first.id && back.failures == 0 && back.began == later(1))
        // The other delivery was under way meanwhile. After its failure it does not overtake this one.
        try await outbox.note(failed(500, again: later(5)), of: second, for: numbers[0])
        #expect(try await due(outbox, numbers[0], at: later(5)).map(\.id) == [first.id])
        clock.move(to: .seconds(2))
        try await outbox.noteDelivered(back, for: numbers[0], status: 200)
        #expect(try await due(outbox, numbers[0], at: later(2)).map(\.id) == [second.id])

        #expect(try await outbox.retry(first.id) == .alreadyDelivered)
        #expect(try await outbox.retry("msg_unknown") == nil)
        await store.close()
    }

    @Test("Retention removes ended deliveries, and keeps unsent ones even if their deltas are pruned")
    func retention() async throws {
        let (store, outbox, numbers) = try await open([a])
        try await change(store, "1", "one")
        try await change(store, "2", "one")
        let both = try await due(outbox, numbers[0])
        try await outbox.noteDelivered(both[0], for: numbers[0], status: 200)
        let (cutoff, head) = (later(1), store.head.seq)
        while try await store.pruneStep(before: cutoff) {}
        #expect(try await store.changes(after: store.origin).gap == store.origin + 1...head)
        #expect(try await due(outbox, numbers[0]) == [both[1]])
        #expect(try await outbox.deliveries(in: nil, before: nil, limit: 9).deliveries.map(\.sessionID) == ["2"])
        // A dead delivery has ended too, and is kept as long as the other history.
        try await outbox.note(failed(500), of: both[1], for: numbers[0])
        while try await store.pruneStep(before: now) {}
        #expect(try await outbox.deliveries(in: .dead, before: nil, limit: 9).deliveries.count == 1)
        while try await store.pruneStep(before: cutoff) {}
        #expect(try await outbox.deliveries(in: nil, before: nil, limit: 9).deliveries.isEmpty)
        await store.close()
    }

    @Test("A log in memory drops and counts its oldest deliveries with its oldest deltas, and the next ones go on")
    func memory() async throws {
        let (store, outbox, numbers) = try await open(
            [a], at: .memory(StoreLocation.Limits(deltas: 3, bytes: 64_000_000)))
        let lost = Mutex(0)
        store.follow { set in lost.withLock { $0 += set.lostDeliveries } }
        try await change(store, "1", "one", "two", "three", "four", "five")
        #expect(lost.withLock { $0 } == 2)
        let due = try await due(outbox, numbers[0])
        #expect(try due.map { try JSON(parsing: $0.body)["after"]?["title"]?.string } == ["three"])
        #expect(try await outbox.pendingCount() == 3)
        await store.close()
    }

    @Test("Deliveries are listed newest first, page by page")
    func list() async throws {
        let (store, outbox, _) = try await open([a])
        for id in 1...5 { try await change(store, "\(id)", "one") }
        var seen: [String] = []
        var before: Int64?
        repeat {
            let page = try await outbox.deliveries(in: .pending, before: before, limit: 2)
            seen += page.deliveries.map(\.sessionID)
            before = page.next
        } while before != nil
        #expect(seen == ["5", "4", "3", "2", "1"])
        #expect(try await outbox.deliveries(in: .delivered, before: nil, limit: 2).deliveries.isEmpty)
        await store.close()
    }

    @Test(
        "Setting the clock makes no wait longer and ends no delivery early, over a restart too", .ofSQLite,
        arguments: [Duration.seconds(-600), .seconds(4 * 86_400), .seconds(-4 * 86_400), .seconds(365 * 86_400)],
        [false, true])
    func clockIsSet(by jump: Duration, rebooted: Bool) async throws {
        var (store, outbox, numbers) = try await open([a])
        try await change(store, "1", "one")
        let first = try #require(try await due(outbox, numbers[0]).first)
        try await outbox.note(
            failed(503, again: outbox.clock.now.advanced(by: .seconds(30))), of: first, for: numbers[0])
        clock.set(by: jump)
        let told = try #require(try await outbox.delivery(first.id)?.nextAttempt)
        #expect(told == clock.read().wall.advanced(by: .seconds(30)))
        if rebooted {
            await store.close()
            clock.reboot()
            (store, outbox, numbers) = try await open([a])
        }
        clock.advance(by: .seconds(30))
        let again = try #require(try await due(outbox, numbers[0], at: outbox.clock.now).first)
        #expect(again.id == first.id)
        let next = DeliverySchedule.next(
            after: .failed(status: 503, reason: ""), of: again, heldUntil: outbox.clock.now, now: outbox.clock.now,
            random: 0.5)
        #expect(next?.next == .again(outbox.clock.now.advanced(by: .seconds(30))))
        await store.close()
    }

    @Test("A URL is neither in the store nor in the information about a delivery")
    func secrets() async throws {
        let (store, outbox, _) = try await open([a])
        try await change(store, "1", "one")
        let told = try await outbox.deliveries(in: nil, before: nil, limit: 9).deliveries
        #expect(!"\(told)".contains("secret-path") && "\(told)".contains("https://a.example#"))
        let rows = try await store.reader.with { try $0.query("SELECT key || name FROM endpoint", []) { $0.text(0) } }
        #expect(rows.count == 1 && !rows[0].contains("secret-path"))
        await store.close()
    }
}
