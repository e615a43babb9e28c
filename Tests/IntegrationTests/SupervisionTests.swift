// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import NIOCore
import TestSupport
import Testing

@Suite("Being supervised", .timeLimit(.minutes(5)))
struct SupervisionTests {
    @Test("The watchdog gets keep-alives while the daemon works")
    func watchdog() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        try await withDaemon(Launch(jules, ["WATCHDOG_USEC": "300000"], notify: notify)) { daemon in
            for _ in 1...5 { try await notify.message(with: ["WATCHDOG": "1"]) }
        }
    }

    @Test("The status line has sessions, attention, clients and the last good poll")
    func statusLine() async throws {
        let jules = try await FakeJules.start { $0.add(state: "AWAITING_PLAN_APPROVAL") }
        let notify = try NotifySocket()
        try await withDaemon(Launch(jules, notify: notify)) { daemon in
            try await notify.message(with: ["STATUS": nil]) { fields in
                let status = fields["STATUS"] ?? ""
                return status.contains("2 sessions") && status.contains("1 need") && status.contains("0 clients")
                    && status.contains("last good poll 20")
            }
        }
    }

    @Test("If standard error goes to the journal, entries are sent to it with their fields")
    func journal() async throws {
        let journal = try JournalSocket()
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        var launch = Launch(jules, ["LOG_FORMAT": "auto", "LOG_LEVEL": "debug"], notify: notify)
        launch.journal = journal
        try await withDaemon(launch) { daemon in
            let started = try await journal.entry("server_started") {
                $0["MESSAGE_ID"] == "89440a82caa04303be01ff3a9f2ab9cb" && $0["JULESD_PORT"] != nil
            }
            #expect(started["MESSAGE"]?.contains("listens on") ?? false)
            #expect(started["PRIORITY"] == "6")
            #expect(started["SYSLOG_IDENTIFIER"] == "julesd")
            #expect(started["CODE_FILE"]?.hasSuffix(".swift") ?? false)
            #expect(Int(started["CODE_LINE"] ?? "") ?? 0 > 0)
            #expect(started["CODE_FUNC"]?.isEmpty == false)
            try await notify.message(with: ["READY": "1"])
            let port = try #require(Int(started["JULESD_PORT"] ?? ""))
            let http = HTTPCaller(address: try SocketAddress(ipAddress: "127.0.0.1", port: port))
            let reply = try await http.get("/api/sessions")
            let request = try await journal.entry("the request") {
                $0["JULESD_REQUEST_ID"] == reply.headers["x-request-id"]
            }
            #expect(request["HTTP_METHOD"] == "GET")
            #expect(request["HTTP_ROUTE"] == "/api/sessions")
            #expect(request["HTTP_STATUS"] == "200")
            #expect(request["PRIORITY"] == "7")
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
            #expect(try await daemon.standardOutputText().isEmpty)
            #expect(try await daemon.standardErrorText().isEmpty)
        }
    }

    @Test("Without a journal the log is JSON lines on standard output")
    func jsonLines() async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules, ["LOG_FORMAT": "auto"])) { daemon in
            let started = try await daemon.event("server_started")
            #expect(started["level"] == 30)
            #expect(started["port"]?.int ?? 0 > 0)
            #expect(started["time"]?.string?.hasSuffix("Z") ?? false)
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
            for line in try await daemon.standardOutputText().split(separator: "\n") {
                #expect(throws: Never.self) { try JSON(parsing: String(line)) }
            }
            #expect(try await daemon.standardErrorText().isEmpty)
        }
    }
}
