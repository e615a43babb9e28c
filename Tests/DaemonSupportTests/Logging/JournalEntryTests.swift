// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Testing

@testable import DaemonSupport

private let naming = LogFields(prefix: "JULESD", named: ["sessionId": "JULES_SESSION_ID", "httpStatus": "HTTP_STATUS"])

@Suite("Journal entries", .timeLimit(.minutes(2)))
struct JournalEntryTests {
    @Test("carry the event's id, the place in the code and each value under its field")
    func fields() {
        let record = record(
            "A session\nchanged.", level: .warning,
            metadata: [
                "sessionId": "42", "httpStatus": .stringConvertible(502), "lastPoll": "a\nb",
                "list": ["x", "y"],
            ],
            event: started)
        #expect(
            JournalEntry(record, identifier: "julesd", naming: naming).fields == [
                #"MESSAGE=A session\nchanged."#, "PRIORITY=4", "SYSLOG_IDENTIFIER=julesd",
                "CODE_FILE=julesd/Main.swift", "CODE_LINE=7", "CODE_FUNC=run()",
                "MESSAGE_ID=0123456789abcdef0123456789abcdef", "HTTP_STATUS=502", "JULESD_LAST_POLL=a\nb",
                #"JULESD_LIST=["x","y"]"#, "JULES_SESSION_ID=42",
            ])
    }

    @Test(
        "have the priorities of syslog",
        arguments: zip(Logger.Level.allCases, [7, 7, 6, 5, 4, 3, 2]))
    func priorities(level: Logger.Level, priority: Int) {
        let entry = JournalEntry(record("x", level: level), identifier: "julesd", naming: naming)
        #expect(entry.fields.contains("PRIORITY=\(priority)"))
    }

    @Test(
        "name an unlisted key by its words after the prefix",
        arguments: [
            ("port", "JULESD_PORT"), ("lastPoll", "JULESD_LAST_POLL"), ("http2Peer", "JULESD_HTTP2_PEER"),
            ("a.b-c", "JULESD_A_B_C"), ("sessionId", "JULES_SESSION_ID"),
            ("é", "JULESD___"), (String(repeating: "k", count: 90), "JULESD_" + String(repeating: "K", count: 57)),
        ])
    func unlisted(key: String, field: String) {
        #expect(naming.field(for: key) == field)
    }

    // The journal's socket has a fixed place: only where none is there, and we may make it, can a test stand in for it.
    @Test(
        "reach the journal byte for byte",
        .enabled(if: geteuid() == 0 && access(JournalEntry.socketPath, F_OK) != 0))
    func sent() throws {
        let journal = try FakeJournal()
        let destination = LogDestination(identifier: "julesd", format: .journal, level: .info, fields: naming)
        destination.logger("test").event(started, "Listening.", metadata: ["lastPoll": "a\nb\0c"])
        let entry = try journal.receive()
        #expect(entry.contains("MESSAGE=Listening.\n"))
        #expect(entry.contains("MESSAGE_ID=0123456789abcdef0123456789abcdef\n"))
        #expect(entry.contains("CODE_FUNC=sent()\n"))
        // A value with a line break goes by its length (the journal's native protocol).
        #expect(entry.contains("JULESD_LAST_POLL\n\u{5}\0\0\0\0\0\0\0a\nb\0c\n"))
    }
}

/// A datagram socket at the place of the journal's.
private final class FakeJournal {
    private let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)

    init() throws {
        for folder in ["/run/systemd", "/run/systemd/journal"] { mkdir(folder, 0o755) }
        try bindUnix(descriptor, to: JournalEntry.socketPath)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
        unlink(JournalEntry.socketPath)
        // Fails, as it should, where others keep something there.
        rmdir("/run/systemd/journal")
    }

    func receive() throws -> String {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        try #require(count > 0, "no entry came")
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
