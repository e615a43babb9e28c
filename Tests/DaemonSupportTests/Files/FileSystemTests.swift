// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import DaemonSupport

@Suite("Files and folders", .timeLimit(.minutes(2)))
struct FileSystemTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("a folder is made with those above it, for its owner alone, and may be there already")
    func makeDirectory() throws {
        let path = folder.file("a/b")
        defer {
            rmdir(path)
            rmdir(folder.file("a"))
        }
        for _ in 1...2 { try FileSystem.makeDirectory(path) }
        var info = stat()
        for made in [path, folder.file("a")] {
            #expect(stat(made, &info) == 0 && info.st_mode & 0o777 == 0o700)
        }
    }

    @Test("a file in the place of a folder is an error that names it")
    func fileInTheWay() throws {
        let path = try folder.write("x", to: "a")
        let error = #expect(throws: SystemError.self) { try FileSystem.makeDirectory(path) }
        #expect(error?.description == "mkdir \(path): Not a directory")
        #expect(throws: SystemError.self) { try FileSystem.makeDirectory(path + "/b") }
    }

    @Test(
        "the folder of a path is what stands before the last slash",
        arguments: [("/a/b", "/a"), ("/a", "/"), ("a/b", "a"), ("a", "."), ("/a/b/", "/a/b")])
    func folderOf(path: String, expected: String) {
        #expect(FileSystem.folder(of: path) == expected)
    }

    @Test("two names are the same if they lead to one file")
    func isSame() throws {
        let path = try folder.write("x", to: "a")
        let other = try folder.write("x", to: "b")
        symlink(path, folder.file("c"))
        #expect(FileSystem.isSame(path, folder.file("c")))
        #expect(!FileSystem.isSame(path, other))
        #expect(!FileSystem.isSame(path, folder.file("none")))
    }

    @Test("a file that is not there has no size, does not exist, and can be removed")
    func absent() throws {
        let path = folder.file("a")
        #expect(FileSystem.size(path) == 0 && !FileSystem.exists(path))
        try FileSystem.remove(path)
        try folder.write("four", to: "a")
        #expect(FileSystem.size(path) == 4 && FileSystem.exists(path))
        try FileSystem.remove(path)
        #expect(!FileSystem.exists(path))
    }

    @Test("a private file replaces another one whole, and its owner alone reads it")
    func privateFile() throws {
        let path = try folder.write("a long text of before", to: "a")
        chmod(path, 0o644)
        try PrivateFile.replace(path, with: Array("new".utf8))
        #expect(try folder.read("a") == Array("new".utf8))
        var info = stat()
        #expect(stat(path, &info) == 0 && info.st_mode & 0o777 == 0o600)
        #expect(folder.names == ["a"])
    }

    @Test("a file of fixed size is written over in place")
    func fixedSize() throws {
        let path = try folder.write("12345678", to: "a")
        let file = try FixedSizeFile(path)
        file.overwrite(with: Array("abcdefgh".utf8))
        #expect(try folder.read("a") == Array("abcdefgh".utf8))
        #expect(throws: SystemError.self) { try FixedSizeFile(folder.file("none")) }
        symlink(path, folder.file("link"))
        #expect(throws: SystemError.self) { try FixedSizeFile(folder.file("link")) }
    }
}
