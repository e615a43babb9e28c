// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import DaemonSupport

@Suite("Files and folders", .timeLimit(.minutes(2)))
struct FileSystemTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("A folder is created with its parents and mode 0700, and may exist already")
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

    @Test("A file in place of a folder is an error that names the path")
    func fileInTheWay() throws {
        let path = try folder.write("x", to: "a")
        let error = #expect(throws: SystemError.self) { try FileSystem.makeDirectory(path) }
        #expect(error?.description == "mkdir \(path): Not a directory")
        #expect(throws: SystemError.self) { try FileSystem.makeDirectory(path + "/b") }
    }

    @Test(
        "The folder of a path is the part before the last slash",
        arguments: [("/a/b", "/a"), ("/a", "/"), ("a/b", "a"), ("a", "."), ("/a/b/", "/a/b")])
    func folderOf(path: String, expected: String) {
        #expect(FileSystem.folder(of: path) == expected)
    }

    @Test("Two paths are the same if they lead to one file")
    func isSame() throws {
        let path = try folder.write("x", to: "a")
        let other = try folder.write("x", to: "b")
        symlink(path, folder.file("c"))
        #expect(FileSystem.isSame(path, folder.file("c")))
        #expect(!FileSystem.isSame(path, other))
        #expect(!FileSystem.isSame(path, folder.file("none")))
    }

    @Test("A missing file has size 0, does not exist, and can be removed")
    func absent() throws {
        let path = folder.file("a")
        #expect(FileSystem.size(path) == 0 && !FileSystem.exists(path))
        try FileSystem.remove(path)
        try folder.write("four", to: "a")
        #expect(FileSystem.size(path) == 4 && FileSystem.exists(path))
        try FileSystem.remove(path)
        #expect(!FileSystem.exists(path))
    }

    @Test("A private file replaces the old one completely and has mode 0600")
    func privateFile() throws {
        let path = try folder.write("a long text of before", to: "a")
        chmod(path, 0o644)
        try PrivateFile.replace(path, with: Array("new".utf8))
        #expect(try folder.read("a") == Array("new".utf8))
        var info = stat()
        #expect(stat(path, &info) == 0 && info.st_mode & 0o777 == 0o600)
        #expect(folder.names == ["a"])
    }

    @Test("A file of fixed size is overwritten in place")
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
