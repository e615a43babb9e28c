// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import DaemonSupport

@Suite("FileContents", .timeLimit(.minutes(2)))
struct FileContentsTests {
    @Test("A missing file gives nil, and an unreadable one an error")
    func missing() throws {
        #expect(try FileContents.read("/nowhere/at/all") == nil)
        #expect(try FileContents.read("/dev/null/x") == nil)
        #expect(throws: FileReadError(reason: "Is a directory")) { try FileContents.read("/tmp") }
    }

    @Test("A pipe is refused with and without a writer, unless waiting is allowed")
    func pipe() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let refusal = FileReadError(reason: "it is a pipe, which is read at the start only")
        #expect(throws: refusal) { try FileContents.read(path, waiting: false) }
        // Opened for reading and writing, so that open(2) does not wait.
        let writer = open(path, O_RDWR)
        defer { close(writer) }
        #expect(write(writer, "A=1\n", 4) == 4)
        #expect(throws: refusal) { try FileContents.read(path, waiting: false) }
    }

    @Test("A pipe is read to its end if waiting is allowed")
    func waiting() throws {
        var ends: [Int32] = [-1, -1]
        #expect(Glibc.pipe(&ends) == 0)
        defer { close(ends[0]) }
        #expect(write(ends[1], "A=1\n", 4) == 4)
        close(ends[1])
        #expect(try FileContents.read("/proc/self/fd/\(ends[0])") == Array("A=1\n".utf8))
    }

    @Test("A file is read up to the limit, and a larger one is an error")
    func limit() throws {
        #expect(throws: FileReadError(reason: "the file is larger than 1 MiB")) { try FileContents.read("/dev/zero") }
        #expect(try FileContents.read("/dev/null") == [])
        let bytes = [UInt8](repeating: 0x61, count: FileContents.limit)
        let path = "/tmp/file-contents-\(randomToken().prefix(12))"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        try #require(descriptor >= 0)
        defer { unlink(path) }
        #expect(write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
        #expect(try FileContents.read(path) == bytes)
    }
}
