// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import TestSupport
import Testing

@testable import DaemonSupport

@Suite("SQLiteDatabase", .timeLimit(.minutes(2)))
struct SQLiteDatabaseTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("While a writer writes, a reader sees only whole transactions")
    func readerBesideWriter() async throws {
        let path = folder.file("a.sqlite")
        let writer = try await SQLiteDatabase(path: path, mode: .readWriteCreate) { connection in
            try connection.useWriteAheadLog()
            try connection.execute("CREATE TABLE item (batch INTEGER)")
        }
        let reader = try await SQLiteDatabase(path: path, mode: .readOnly)
        let batches = 100
        async let written: Void = {
            for batch in 0..<batches {
                try await writer.with { connection in
                    try connection.transaction {
                        for _ in 0..<2 { try connection.run("INSERT INTO item VALUES (?)", .integer(Int64(batch))) }
                    }
                }
            }
        }()
        var seen: Int64 = 0
        while seen < Int64(2 * batches) {
            let count = try await reader.with { try $0.first("SELECT count(*) FROM item") { $0.int(0) } } ?? 0
            #expect(count % 2 == 0)
            #expect(count >= seen)
            seen = count
        }
        try await written
        try await reader.close()
        try await writer.close()
        #expect(!folder.exists("a.sqlite-wal"))
    }

    @Test("Calls run one after the other")
    func serial() async throws {
        let database = try await SQLiteDatabase(path: ":memory:", mode: .readWriteCreate) {
            try $0.execute("CREATE TABLE counter (value INTEGER); INSERT INTO counter VALUES (0)")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await database.with { connection in
                        let value = try connection.first("SELECT value FROM counter") { $0.int(0) } ?? 0
                        try connection.run("UPDATE counter SET value = ?", .integer(value + 1))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await database.with { try $0.first("SELECT value FROM counter") { $0.int(0) } } == 100)
    }

    @Test("A database opens, configures and works on one thread")
    func oneThread() async throws {
        let threads = Mutex<Set<UInt>>([])
        let note = { @Sendable (_: SQLiteConnection) in _ = threads.withLock { $0.insert(pthread_self()) } }
        let database = try await SQLiteDatabase(path: ":memory:", mode: .readWriteCreate, configure: note)
        for _ in 0..<10 {
            await Task.yield()
            try await database.withConnection(note)
        }
        #expect(threads.withLock { $0.count } == 1)
    }

    @Test("An error in configure is passed on, and a closed database refuses use")
    func lifetime() async throws {
        struct RefusedError: Error {}
        await #expect(throws: RefusedError.self) {
            try await SQLiteDatabase(path: folder.file("a.sqlite"), mode: .readWriteCreate) { _ in throw RefusedError()
            }
        }
        let database = try await SQLiteDatabase(path: ":memory:", mode: .readWriteCreate)
        try await database.close()
        try await database.close()
        let error = await #expect(throws: SQLiteError.self) { try await database.with { try $0.execute("SELECT 1") } }
        #expect(error?.message == "the database is closed")
    }
}
