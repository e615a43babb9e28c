// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import DaemonSupport

@Suite("JournalStream", .timeLimit(.minutes(2)))
struct JournalStreamTests {
    @Test("The journal's stream is recognised by device and inode")
    func identity() {
        let pipe = Pipe()
        let other = Pipe()
        var status = stat()
        fstat(pipe.writer, &status)
        let stream = "\(status.st_dev):\(status.st_ino)"
        #expect(JournalStream.isJournal(pipe.writer, stream: stream))
        #expect(!JournalStream.isJournal(other.writer, stream: stream))
        #expect(!JournalStream.isJournal(-1, stream: stream))
    }

    @Test("A malformed JOURNAL_STREAM is not the journal", arguments: ["", ":", "1", "a:b", "1:2:3"])
    func malformed(stream: String) {
        #expect(!JournalStream.isJournal(STDERR_FILENO, stream: stream))
    }
}
