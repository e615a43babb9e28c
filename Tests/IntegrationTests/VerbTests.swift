// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import NIOCore
import TestSupport
import Testing

@Suite("Verbs", .timeLimit(.minutes(5)))
struct VerbTests {
    @Test("version prints name and version in one line")
    func version() async throws {
        let end = try await run(Launch(["version"]))
        #expect(end.status == 0)
        #expect(end.output.hasPrefix("julesd "))
        #expect(!end.output.contains("\n"))
    }

    @Test("token prints different 64 hexadecimal digits each time")
    func token() async throws {
        let first = try await run(Launch(["token"]))
        let second = try await run(Launch(["token"]))
        #expect(first.status == 0)
        #expect(first.output.count == 64 && first.output.allSatisfy(\.isHexDigit))
        #expect(first.output != second.output)
    }

    @Test("check-config prints each value with its place, and no secret")
    func checkConfig() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "JULES_API_KEY=quite-a-secret-key\nLOCAL_TOKEN=\(Launch.token)\nPORT=4001\n", to: "julesd.conf")
        var launch = Launch(["check-config", "--config", file])
        launch.environment["RATE_LIMIT"] = "7"
        let end = try await run(launch)
        #expect(end.status == 0)
        #expect(end.output.contains("PORT=4001  (\(file):3)"))
        #expect(end.output.contains("RATE_LIMIT=7"))
        #expect(end.output.contains("POLL_INTERVAL=5s"))
        #expect(!end.output.contains("quite-a-secret-key") && !end.output.contains(Launch.token))
    }

    @Test("check-config ends with status 78 and all problems on standard error")
    func checkConfigFaults() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("RATE_LIMIT=many\nPERSIST=maybe\n", to: "julesd.conf")
        let end = try await run(Launch(["--config", file, "check-config"]))
        #expect(end.status == 78)
        for key in ["RATE_LIMIT", "PERSIST", "JULES_API_KEY", "LOCAL_TOKEN"] { #expect(end.error.contains(key)) }
    }

    @Test("check-config --for-reload is silent about good settings, and ignores credentials that it cannot see")
    func checkForReload() async throws {
        let folder = try TemporaryFolder()
        // No other source sets the key or the token.
        let good = try folder.write("RATE_LIMIT=7\n", to: "good.conf")
        let silent = try await run(Launch(["--config", good, "check-config", "--for-reload"]))
        #expect(silent.status == 0 && silent.output.isEmpty && silent.error.isEmpty)

        let bad = try folder.write("RATE_LIMIT=many\n", to: "bad.conf")
        let end = try await run(Launch(["--config", bad, "check-config", "--for-reload"]))
        #expect(end.status == 78)
        #expect(end.error.contains("RATE_LIMIT") && !end.error.contains("JULES_API_KEY"))
    }

    @Test("The status of healthcheck says whether the daemon serves")
    func healthcheck() async throws {
        let jules = try await FakeJules.start()
        let folder = try TemporaryFolder()
        let socket = folder.file("julesd.sock")
        let launch = Launch(jules, ["PORT": "off", "UNIX_SOCKET": socket])
        var check = launch
        check.arguments = ["healthcheck", "--config", "/dev/null"]
        let before = try await run(check)
        #expect(before.status == 1)
        #expect(!before.error.isEmpty)
        try await withDaemon(launch) { daemon in
            try await daemon.event("ready")
            #expect(try await run(check).status == 0)
        }
    }
}
