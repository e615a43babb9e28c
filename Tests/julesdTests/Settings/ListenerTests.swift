// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Settings and listeners", .timeLimit(.minutes(2)))
struct ListenerTests {
    private static let tcp = InheritedListener.tcp(host: IPAddress(v4: 0x7F00_0001), port: 3001)
    private static let unix = InheritedListener.unix(path: "/run/julesd/julesd.sock")

    @Test(
        "A TCP listener requires a token, and at least one listener is required",
        arguments: [
            ("", [], ["LOCAL_TOKEN"]), ("PORT=off", [], ["PORT"]), ("PORT=off\nUNIX_SOCKET=/s", [], []),
            ("UNIX_SOCKET=/s", [], ["LOCAL_TOKEN"]), ("LOCAL_TOKEN=0123456789abcdef", [], []), ("", [unix], []),
            ("PORT=off", [tcp], ["LOCAL_TOKEN"]), ("", [unix, tcp], ["LOCAL_TOKEN"]), ("PORT=off", [unix], []),
        ] as [(String, [InheritedListener], [String])])
    func required(text: String, inherited: [InheritedListener], keys: [String]) {
        var found: [String?] = []
        do throws(SettingsError) {
            _ = try loadSettings("JULES_API_KEY=k\n" + text, inherited: inherited)
        } catch {
            found = error.problems.map(\.key)
        }
        #expect(found == keys)
    }

    @Test(
        "A listener setting that differs from the inherited socket gives a warning",
        arguments: [
            ("", [tcp], []), ("PORT=3001", [tcp], []), ("PORT=4000", [tcp], ["PORT"]), ("PORT=off", [tcp], ["PORT"]),
            ("HOST=127.0.0.1", [tcp], []), ("HOST=::\nPORT=1", [tcp], ["PORT", "HOST"]),
            ("PORT=3001", [unix], ["PORT"]),
            ("UNIX_SOCKET=/s", [unix], ["UNIX_SOCKET"]), ("UNIX_SOCKET=/run/julesd/julesd.sock", [tcp, unix], []),
        ] as [(String, [InheritedListener], [String])])
    func differing(text: String, inherited: [InheritedListener], keys: [String]) throws {
        let settings = try loadSettings("JULES_API_KEY=k\nLOCAL_TOKEN=0123456789abcdef\n" + text, inherited: inherited)
        #expect(settings.warnings.map(\.key) == keys)
        for warning in settings.warnings { #expect(warning.reason.contains("inherited \(inherited[0])")) }
    }

    @Test(
        "The target of the health check follows from the settings",
        arguments: [
            ("", HealthProbe.Target.tcp(host: IPAddress(v4: 0x7F00_0001), port: 3001)),
            ("HOST=0.0.0.0\nPORT=80", .tcp(host: IPAddress(v4: 0), port: 80)), ("UNIX_SOCKET=/s", .unix(path: "/s")),
            ("PORT=off", .unix(path: "/run/julesd/julesd.sock")), ("PORT=0", .unix(path: "/run/julesd/julesd.sock")),
        ])
    func health(text: String, target: HealthProbe.Target) throws {
        #expect(try loadSettings("JULES_API_KEY=k\n" + text).healthTarget == target)
    }

    @Test("A reload's changes are split into those in effect and those that need a restart")
    func difference() throws {
        let old = try loadSettings("JULES_API_KEY=k\nPORT=1\nRATE_LIMIT=60\nALLOWLIST=10.0.0.0/8,::1")
        let new = try loadSettings(
            "JULES_API_KEY=j\nPORT=2\nALLOWLIST=10.0.0.0/8, ::1\nDATA_DIR=/d\nNOTIFY_WEBHOOK=https://h.example/")
        #expect(
            new.difference(from: old)
                == SettingsDifference(reloaded: ["JULES_API_KEY", "NOTIFY_WEBHOOK"], restart: ["PORT", "DATA_DIR"]))
        #expect(new.difference(from: new) == SettingsDifference())
    }
}
