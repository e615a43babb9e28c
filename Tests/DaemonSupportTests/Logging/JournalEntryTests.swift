// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Testing

@testable import DaemonSupport

private let naming = LogFields(prefix: "JULESD", named: ["sessionId": "JULES_SESSION_ID", "httpStatus": "HTTP_STATUS"])

@Suite("Journal entries", .timeLimit(.minutes(2)))
struct JournalEntryTests {
    @Test("An entry has the event's id, the place in the code, and each value in its field")
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
        "The levels have the priorities of syslog",
        arguments: zip(Logger.Level.allCases, [7, 7, 6, 5, 4, 3, 2]))
    func priorities(level: Logger.Level, priority: Int) {
        let entry = JournalEntry(record("x", level: level), identifier: "julesd", naming: naming)
        #expect(entry.fields.contains("PRIORITY=\(priority)"))
    }

    @Test(
        "A key without a listed field gets the prefix and its words",
        arguments: [
            ("port", "JULESD_PORT"), ("lastPoll", "JULESD_LAST_POLL"), ("http2Peer", "JULESD_HTTP2_PEER"),
            ("a.b-c", "JULESD_A_B_C"), ("sessionId", "JULES_SESSION_ID"),
            ("é", "JULESD___"), (String(repeating: "k", count: 90), "JULESD_" + String(repeating: "K", count: 57)),
        ])
    func unlisted(key: String, field: String) {
        #expect(naming.field(for: key) == field)
    }
}
