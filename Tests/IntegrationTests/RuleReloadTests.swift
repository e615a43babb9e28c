// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import TestSupport
import Testing

@Suite("Rules and a reload", .timeLimit(.minutes(1)))
struct RuleReloadTests {
    private let rule = "[Match]\nOn=plan\nExisting=yes\n[Action]\nApprove=yes\nAfter=1h\n"

    @Test(
        "SIGHUP applies new rules, refuses a faulty set as a whole, and drops waiting decisions of removed rules"
    )
    func reload() async throws {
        let jules = try await FakeJules.start()
        let folder = try TemporaryFolder()
        let rules = try TemporaryFolder()
        try await withDaemon(Launch(jules, ["RULES_DIR": rules.path, "DATA_DIR": folder.path])) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("the account has been read")
            try rules.write(rule, to: "40-docs.rule")
            daemon.signal(SIGHUP)
            try await daemon.event("reload_done")
            #expect(daemon.output.contains("now in force: the rules"))

            try rules.write("[Match]\nOn=plan\n", to: "50-faulty.rule")
            daemon.signal(SIGHUP)
            try await daemon.event("reload_refused")
            #expect(daemon.output.contains("50-faulty.rule:2"))

            unlink(rules.file("40-docs.rule"))
            unlink(rules.file("50-faulty.rule"))
            daemon.signal(SIGHUP)
            try await daemon.event("reload_done")
            let decisions = try await http.get("/api/decisions").json["decisions"]?.array ?? []
            #expect(decisions.allSatisfy { $0["state"]?.string == "dropped" })
        }
    }
}
