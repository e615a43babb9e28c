// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import DaemonSupport

@Suite("Draft files", .timeLimit(.minutes(2)))
struct DraftFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func text(_ path: String) -> String? {
        (try? FileContents.read(path)).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("A draft gets its name when it is complete, and is removed if it never gets it")
    func name() throws {
        let path = folder.file("a")
        do {
            let draft = try DraftFile(for: path)
            try draft.write(Array("half".utf8))
        }
        #expect(text(path) == nil && text(path + ".new") == nil)
        let draft = try DraftFile(for: path)
        try draft.write(Array("whole".utf8))
        #expect(text(path) == nil)
        try draft.takeName(replacing: false)
        #expect(text(path) == "whole" && text(path + ".new") == nil)
        var info = stat()
        #expect(stat(path, &info) == 0 && info.st_mode & 0o777 == 0o600)
    }

    @Test("A draft replaces another file only if replacing is allowed")
    func replacing() throws {
        let path = folder.file("a")
        try PrivateFile.replace(path, with: Array("old".utf8))
        let draft = try DraftFile(for: path)
        try draft.write(Array("new".utf8))
        #expect { try draft.takeName(replacing: false) } throws: { ($0 as? SystemError)?.code == EEXIST }
        #expect(text(path) == "old")
        try draft.takeName(replacing: true)
        #expect(text(path) == "new")
    }

    @Test("A draft whose path leads to another file now gets no name, and leaves that file alone")
    func swapped() throws {
        let path = folder.file("a")
        let victim = folder.file("victim")
        try PrivateFile.replace(victim, with: Array("kept".utf8))
        do {
            let draft = try DraftFile(for: path)
            try draft.write(Array("new".utf8))
            #expect(unlink(draft.path) == 0 && symlink(victim, draft.path) == 0)
            #expect { try draft.takeName(replacing: true) } throws: { ($0 as? SystemError)?.code == ESTALE }
        }
        #expect(text(path) == nil && text(victim) == "kept")
        #expect(FileSystem.exists(path + ".new"), "it belongs to somebody else")
    }

    @Test("Every way to rename takes a free name and refuses a used one", arguments: FileSystem.RenameToNew.allCases)
    func newName(way: FileSystem.RenameToNew) throws {
        let (old, new) = (folder.file("old"), folder.file("new"))
        try PrivateFile.replace(old, with: Array("x".utf8))
        try FileSystem.renameToNew(old, new, ways: [way])
        #expect(text(new) == "x" && !FileSystem.exists(old))
        try PrivateFile.replace(old, with: Array("y".utf8))
        #expect { try FileSystem.renameToNew(old, new, ways: [way]) } throws: { ($0 as? SystemError)?.code == EEXIST }
        #expect(text(new) == "x" && text(old) == "y")
    }

    @Test("Replacing a private file fails if the folder cannot be synced")
    func folderIsSynced() throws {
        let path = folder.file("a")
        try PrivateFile.replace(path, with: Array("old".utf8))
        let nobody: uid_t = 65_534
        if geteuid() == 0 { #expect(chown(folder.path, nobody, getegid()) == 0) }
        // Files can be created in the folder, but the folder itself cannot be opened, so it cannot be synced.
        #expect(chmod(folder.path, 0o300) == 0)
        defer { chmod(folder.path, 0o700) }
        // Changes the user for files of this thread only, so that root cannot open everything (setfsuid(2)). Swift's
        // Glibc module lacks it.
        let symbol = try #require(dlsym(nil, "setfsuid"))
        let setfsuid = unsafeBitCast(symbol, to: (@convention(c) (uid_t) -> Int32).self)
        if geteuid() == 0 { _ = setfsuid(nobody) }
        defer { _ = setfsuid(geteuid()) }
        #expect { try PrivateFile.replace(path, with: Array("new".utf8)) } throws: {
            ($0 as? SystemError)?.code == EACCES
        }
    }
}
