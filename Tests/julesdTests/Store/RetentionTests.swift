// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import TestSupport
import Testing

@testable import julesd

@Suite("Retention and the clock", .timeLimit(.minutes(2)))
struct RetentionTests {
    private static let day = Duration.seconds(86_400)
    private let start = Timestamp(milliseconds: 1_795_200_000_000)
    private let clock: ManualClock
    private let folder: TemporaryFolder

    init() throws {
        clock = ManualClock(start)
        folder = try TemporaryFolder()
    }

    private func open() async throws -> SessionStore {
        try await SessionStore(
            at: .file(path: folder.path + "/sessions.sqlite"), now: clock.read().wall, clocks: clock.read)
    }

    private func retention(_ store: SessionStore) -> Retention {
        Retention(store: store, days: 90, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func fill(_ store: SessionStore, _ count: Int) async throws {
        let sessions = (0..<count).map { session("\($0)") }
        try await store.record(sessions, as: .live, at: clock.read().wall)
    }

    private func count(_ store: SessionStore) async throws -> Int {
        try await store.read { try $0.first("SELECT count(*) FROM delta") { Int($0.int(0)) } ?? 0 }
    }

    @Test("A start with a clock a year ahead removes nothing, and nothing after the clock is right again")
    func yearAhead() async throws {
        var store = try await open()
        try await retention(store).round()
        try await fill(store, 10)
        await store.close()
        clock.advance(by: .seconds(60))
        clock.set(by: Self.day * 365)
        store = try await open()
        for _ in 1...3 {
            try await retention(store).round()
            clock.advance(by: .seconds(3600))
        }
        #expect(try await store.retentionTime().isDoubted)
        await store.close()
        clock.set(by: Self.day * -365)
        store = try await open()
        try await retention(store).round()
        #expect(try await count(store) == 10)
        #expect(try await !store.retentionTime().isDoubted)
        await store.close()
    }

    @Test("A clock jump is accepted after a day, over restarts too")
    func lasts() async throws {
        var store = try await open()
        try await retention(store).round()
        try await fill(store, 10)
        clock.set(by: Self.day * 365)
        try await retention(store).round()
        await store.close()
        clock.advance(by: .seconds(9 * 3600))
        store = try await open()
        clock.advance(by: .seconds(14 * 3600))
        try await retention(store).round()
        #expect(try await count(store) == 10)
        clock.advance(by: .seconds(3600))
        try await retention(store).round()
        #expect(try await count(store) == 0)
        await store.close()
    }

    @Test("Old history is removed at its time, at most a tenth of it in an hour")
    func tenth() async throws {
        let store = try await open()
        try await retention(store).round()
        // More than fifty steps can remove.
        try await fill(store, 12_000)
        for _ in 1...90 {
            clock.advance(by: Self.day)
            _ = try await store.retentionTime()
        }
        try await retention(store).round()
        #expect(try await count(store) == 12_000)
        clock.advance(by: .seconds(1))
        try await retention(store).round()
        #expect(try await count(store) == 2000)
        try await retention(store).round()
        #expect(try await count(store) == 0)
        await store.close()
    }

    @Test(
        "The wall clock is followed at once if it is less than a day ahead, or behind",
        arguments: [Duration.seconds(86_399), .zero, .seconds(-600), .seconds(-400 * 86_400)])
    func followed(by jump: Duration) {
        var believed = RetentionTime(wall: start, steady: start)
        let wall = start.advanced(by: jump)
        #expect(believed.note(wall: wall, steady: start) == wall && believed.doubtedSince == nil)
    }

    @Test("A jump that does not last is forgotten, and the next one is judged anew")
    func doubt() {
        var believed = RetentionTime(wall: start, steady: start)
        let hours = { (count: Int) in start.advanced(by: .seconds(3600 * count)) }
        let ahead = { (count: Int) in hours(count).advanced(by: Self.day * 30) }
        #expect(believed.note(wall: ahead(0), steady: hours(0)) == hours(0))
        #expect(believed.note(wall: ahead(23), steady: hours(23)) == hours(23))
        #expect(believed.note(wall: hours(24), steady: hours(24)) == hours(24))
        #expect(believed.note(wall: ahead(25), steady: hours(25)) == hours(25))
        #expect(believed.note(wall: ahead(48), steady: hours(48)) == hours(48))
        #expect(believed.note(wall: ahead(49), steady: hours(49)) == ahead(49))
    }
}
