// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import Logging
import TestSupport
import Testing

@testable import julesd

@Suite("Store file", .timeLimit(.minutes(2)))
struct StoreFileTests {
    let folder: TemporaryFolder
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws { folder = try TemporaryFolder() }

    private var file: StoreFile { StoreFile(directory: folder.path) }
    private var copy: String { folder.path + "/copy.sqlite" }

    /// Opens the store, records these new sessions and closes it. Returns the head.
    @discardableResult
    private func run(_ ids: ClosedRange<Int>, title: String = "a") async throws -> LogHead {
        let store = try await file.open(logger)
        for id in ids { try await store.record([session("\(id)", title: title)], as: .live, at: .now) }
        let head = store.head
        await store.close()
        return head
    }

    @Test("After an orderly stop the store is one file, and goes on in the same epoch")
    func orderly() async throws {
        let first = try await run(1...3)
        #expect(!FileSystem.exists(file.path + "-wal"))
        let second = try await run(4...4)
        #expect(second == LogHead(epoch: first.epoch, seq: first.seq + 1))
    }

    @Test(
        "A restore that is interrupted before its last rename is finished by the next start", arguments: [true, false])
    func interruptedRestore(isOldStoreMoved: Bool) async throws {
        try await run(1...2)
        try copyFile(file.path, to: copy)
        try await run(3...9)
        _ = try file.restore(copy, at: .now)
        // The state if the process ends between the two renames, or before the first one.
        try FileSystem.rename(file.path, to: file.acceptedPath)
        if !isOldStoreMoved { try copyFile(copy, to: file.path) }
        let store = try await file.open(logger)
        #expect(try await store.sessionIDs(createdAfter: nil, includingArchived: true) == ["1", "2"])
        #expect(!store.isReplaced)
        #expect(!FileSystem.exists(file.acceptedPath))
        await store.close()
    }

    @Test("A page of the log is complete or has a gap, even if deltas are pruned meanwhile")
    func pruneBetween() async throws {
        let store = try await file.open(logger)
        for title in 0..<60 {
            try await store.record((0..<100).map { session("\($0)", title: "\(title)") }, as: .live, at: .now)
        }
        let future = Timestamp.now.advanced(by: .seconds(60))
        async let pruned: Void = { while try await store.pruneStep(before: future) {} }()
        var isEmpty = false
        while !isEmpty {
            let page = try await store.changes(after: store.origin, limit: 5)
            let start = page.gap?.upperBound ?? store.origin
            isEmpty = start == page.head.seq
            if !isEmpty { try #require(page.deltas.first?.seq == start + 1) }
        }
        try await pruned
        await store.close()
    }

    @Test("An older copy in place of the store gets a new epoch above every number already sent")
    func olderCopy() async throws {
        try await run(1...2)
        try copyFile(file.path, to: copy)
        let last = try await run(3...9)
        try FileSystem.rename(copy, to: file.path)
        let store = try await file.open(logger)
        #expect(store.isReplaced)
        #expect(store.head.epoch != last.epoch && store.head.seq >= last.seq)
        #expect(try await store.sessionIDs(createdAfter: nil, includingArchived: true) == ["1", "2"])
        await store.close()
        let again = try await run(10...10)
        #expect(again == LogHead(epoch: store.head.epoch, seq: store.head.seq + 1))
    }

    @Test("Starts that fail before they write their mark cost no history, however many there are")
    func failedStarts() async throws {
        let first = try await run(1...3)
        let obstacle = file.markPath + ".new"
        try FileSystem.makeDirectory(obstacle)
        for _ in 1...3 {
            await #expect(throws: StoreError.self) { _ = try await file.open(logger) }
        }
        rmdir(obstacle)
        #expect(try await run(4...4) == LogHead(epoch: first.epoch, seq: first.seq + 1))
    }

    @Test("A log that ends before a number already sent gets a new epoch")
    func lostEnd() async throws {
        let last = try await run(1...3)
        let mark = try #require(StoreMark(readFrom: file.markPath))
        try PrivateFile.replace(file.markPath, with: StoreMark(text: mark.text, told: last.seq + 1).bytes)
        let store = try await file.open(logger)
        #expect(store.isReplaced && store.head.epoch != last.epoch && store.head.seq > last.seq)
        await store.close()
    }

    @Test("A write-ahead log of another file is kept aside, and the store's own one is applied")
    func strayLog() async throws {
        try await run(1...2)
        let store = try await file.open(logger)
        try await store.record([session("3")], as: .live, at: .now)
        let head = store.head
        // The files of a daemon that is killed now.
        let other = StoreFile(directory: folder.path + "/other")
        try FileSystem.makeDirectory(other.directory)
        for suffix in ["", "-wal", ".mark"] { try copyFile(file.path + suffix, to: other.path + suffix) }
        try copyFile(file.path + "-wal", to: copy)
        await store.close()

        try FileSystem.rename(copy, to: file.path + "-wal")
        // The file's own log once more: it has the mark and no new content.
        #expect(try !file.hasStrayLog(StoreFileKind(of: file.path)))
        try await run(4...4)
        try copyFile(other.path + "-wal", to: file.path + "-wal")
        #expect(try file.hasStrayLog(StoreFileKind(of: file.path)))
        let after = try await run(5...5)
        #expect(after == LogHead(epoch: head.epoch, seq: head.seq + 2))
        #expect(FileSystem.exists("\(folder.path)/sessions.stray-\(Timestamp.now.rfc3339.prefix(10)).sqlite-wal"))

        let killed = try await other.open(logger)
        #expect(killed.head == head && !killed.isReplaced)
        await killed.close()
        for name in ["sessions.sqlite", "sessions.sqlite.mark", "sessions.sqlite.lock"] {
            try FileSystem.remove("\(other.directory)/\(name)")
        }
        #expect(rmdir(other.directory) == 0)
    }

    @Test("A damaged file is refused and does not change")
    func damaged() async throws {
        try await run(1...40, title: String(repeating: "x", count: 2000))
        var bytes = try #require(try FileContents.read(file.path))
        for page in 3..<bytes.count / 4096 {
            bytes.replaceSubrange(page * 4096..<page * 4096 + 64, with: repeatElement(0xA5, count: 64))
        }
        try PrivateFile.replace(file.path, with: bytes)
        await #expect { _ = try await file.open(logger) } throws: { error in
            if case .damaged = error as? StoreError { true } else { false }
        }
        #expect(try FileContents.read(file.path) == bytes)
    }

    @Test("A store in use before its check writes to its log alone, and checkpoints it after the check")
    func checkedBeside() async throws {
        let head = try await run(1...3)
        let bytes = try FileContents.read(file.path)
        let store = try await file.open(logger, check: .later)
        #expect(store.head == head)
        try await store.record([session("4", title: "b")], as: .live, at: .now)
        #expect(try await store.sessionIDs(createdAfter: nil, includingArchived: true) == ["1", "2", "3", "4"])
        #expect(try FileContents.read(file.path) == bytes)
        #expect(WriteAheadLog(of: file.path).hasContent)
        #expect(await store.isSound())
        #expect(try FileContents.read(file.path) != bytes)
        await store.close()
        #expect(!FileSystem.exists(file.path + "-wal"))
        #expect(try await run(5...5) == LogHead(epoch: head.epoch, seq: head.seq + 2))
    }

    @Test("A daemon that is killed before the check of its store loses nothing, and the next start checks first")
    func killedBeforeCheck() async throws {
        let head = try await run(1...3)
        for id in 4...6 {
            let store = try await file.open(logger, check: .later)
            try await store.record([session("\(id)", title: "b")], as: .live, at: .now)
            // As kill -9 leaves it: neither checked nor checkpointed.
            for suffix in ["", "-wal", ".mark"] { try copyFile(file.path + suffix, to: copy + suffix) }
            await store.close()
            for suffix in ["", "-wal", ".mark"] { try FileSystem.rename(copy + suffix, to: file.path + suffix) }
        }
        let bytes = try FileContents.read(file.path)
        let store = try await file.open(logger, check: .later)
        #expect(try FileContents.read(file.path) != bytes)
        #expect(!store.isReplaced)
        #expect(store.head == LogHead(epoch: head.epoch, seq: head.seq + 3))
        await store.close()
        #expect(try StoreCheck(of: SQLiteConnection(path: file.path, mode: .alone)).problems.isEmpty)
    }

    @Test("Damage that a later check finds ends all writing, and not a byte of the file changes")
    func damageFoundBeside() async throws {
        try await run(1...40, title: String(repeating: "x", count: 2000))
        let bytes = try damage()
        let store = try await file.open(logger, check: .later)
        try await store.write { try $0.run("UPDATE log SET baseline = 1") }
        #expect(await !store.isSound())
        #expect(store.health.isDamaged)
        await #expect(throws: SQLiteError.self) { try await store.write { try $0.run("UPDATE log SET baseline = 0") } }
        await store.close()
        #expect(try FileContents.read(file.path) == bytes)
    }

    @Test("A file that is not as the last run left it is checked before its use")
    func olderCopyIsCheckedFirst() async throws {
        try await run(1...40, title: String(repeating: "x", count: 2000))
        let bytes = try damage()
        try FileSystem.remove(file.path + ".mark")
        await #expect { _ = try await file.open(logger, check: .later) } throws: { error in
            if case .damaged = error as? StoreError { true } else { false }
        }
        #expect(try FileContents.read(file.path) == bytes)
    }

    /// Spoils the file's pages of sessions and deltas; answers its bytes.
    private func damage() throws -> [UInt8] {
        let store = try SQLiteConnection(path: file.path, mode: .alone)
        let spoilt = try Set(
            store.query("SELECT pageno FROM dbstat WHERE name IN ('session', 'delta')") { Int($0.int(0)) })
        var bytes = try #require(try FileContents.read(file.path))
        for page in spoilt {
            let start = (page - 1) * 4096
            bytes.replaceSubrange(start..<start + 64, with: repeatElement(0xA5, count: 64))
        }
        try PrivateFile.replace(file.path, with: bytes)
        return bytes
    }

    @Test("Before a migration a copy of the store is kept")
    func migration() async throws {
        let head = try await run(1...3)
        let next = Migrator(
            applicationID: Schema.applicationID,
            migrations: Schema.migrations + [
                Migration(version: Schema.migrator.latest + 1, sql: "CREATE TABLE more (x)")
            ])
        let store = try await file.open(logger, migrator: next)
        #expect(store.head == head)
        await store.close()
        let aside = "\(folder.path)/sessions.v\(Schema.migrator.latest)-\(Timestamp.now.rfc3339.prefix(10)).sqlite"
        let kept = try StoreCheck(of: SQLiteConnection(path: aside, mode: .alone))
        #expect(kept.problems.isEmpty && kept.deltas == 3 && kept.head == head)
        await #expect(throws: StoreError.self) { _ = try await file.open(logger) }
    }

    @Test("A backup of an open store is complete and private, has no mark, and replaces no file unless asked to")
    func backup() async throws {
        let store = try await file.open(logger)
        for id in 1...50 { try await store.record([session("\(id)")], as: .live, at: .now) }
        #expect(try file.backUp(to: copy, replacing: false) == nil)
        #expect(throws: StoreError.self) { try file.backUp(to: copy, replacing: false) }
        #expect(try file.backUp(to: copy, replacing: true) == nil)
        #expect(throws: StoreError.self) { try file.backUp(to: file.path, replacing: true) }
        let check = try StoreCheck(of: SQLiteConnection(path: copy, mode: .alone))
        #expect(check.problems.isEmpty && check.sessions == 50 && check.head == store.head)
        #expect(StoreFileKind(of: copy) == .ours(mark: nil))
        #expect(throws: (any Error).self) { try file.restore(copy, at: .now) }
        await store.close()
    }

    @Test("A restore starts a new epoch, even above a head from the future, and keeps the old store")
    func restore() async throws {
        try await run(1...5)
        _ = try file.backUp(to: copy, replacing: false)
        let last = try await run(6...9)
        let restored = try file.restore(copy, at: Timestamp(milliseconds: 1000))
        #expect(restored.contents.sessions == 5)
        let aside = try #require(restored.aside)
        #expect(try StoreCheck(of: SQLiteConnection(path: aside, mode: .alone)).sessions == 9)
        let store = try await file.open(logger)
        #expect(!store.isReplaced, "the new epoch has begun already")
        #expect(store.head.epoch != last.epoch && store.head.seq >= last.seq)
        #expect(try await store.changes(after: last.seq, epoch: last.epoch).gap != nil)
        await store.close()
    }

    @Test("A restore refuses a damaged, empty or foreign copy, and leaves the store alone")
    func refusals() async throws {
        let head = try await run(1...30, title: String(repeating: "x", count: 2000))
        var bytes = try #require(try FileContents.read(file.path))
        bytes.replaceSubrange(20_000..<30_000, with: repeatElement(7, count: 10_000))
        try PrivateFile.replace(copy, with: bytes)
        #expect(throws: StoreError.self) { try file.restore(copy, at: .now) }
        try PrivateFile.replace(copy, with: [])
        #expect(throws: StoreError.self) { try file.restore(copy, at: .now) }
        try FileSystem.remove(copy)
        let foreign = try SQLiteConnection(path: copy, mode: .readWriteCreate)
        try foreign.execute("CREATE TABLE other (x)")
        try foreign.close()
        #expect(throws: StoreError.self) { try file.restore(copy, at: .now) }
        #expect(try await run(31...31) == LogHead(epoch: head.epoch, seq: head.seq + 1))
    }

    @Test("The check finds a missing number, and a row that differs from its text")
    func check() async throws {
        try await run(1...9)
        let connection = try SQLiteConnection(path: file.path, mode: .readWrite)
        #expect(try StoreCheck(of: connection).problems.isEmpty)
        try connection.execute("UPDATE session SET state = 'FAILED' WHERE id = '4'")
        try connection.execute("DELETE FROM delta WHERE session = '5'")
        let problems = try StoreCheck(of: connection).problems
        #expect(problems.contains { $0.contains("missing") } && problems.contains { $0.contains("session 4") })
    }
}
