// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite("julesd rules", .timeLimit(.minutes(1)))
struct RuleVerbTests {
    private func launch(_ folder: TemporaryFolder, _ words: String...) -> Launch {
        var launch = Launch(words + ["--config", "/dev/null"])
        launch.environment["RULES_DIR"] = folder.path
        launch.environment["DATA_DIR"] = folder.path
        launch.environment["JULES_API_BASE"] = "http://127.0.0.1:1"
        launch.environment["LOCAL_TOKEN"] = Launch.token
        return launch
    }

    @Test("The rules are listed with their files, sorted by name")
    func lists() async throws {
        let folder = try TemporaryFolder()
        let docs = try folder.write("[Match]\nOn=plan\n[Action]\nApprove=yes\nAfter=2min\n", to: "40-docs.rule")
        try folder.write("[Match]\nOn=failed\n[Action]\nLeave=yes\n", to: "10-first.rule")
        try folder.write("", to: "20-masked.rule")
        let end = try await run(launch(folder, "rules"))
        let rows = end.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(end.status == 0 && rows.map(\.first) == ["RULE", "10-first", "40-docs"], "\(end)")
        #expect(rows.last == ["40-docs", "plan", "approve", "2min", docs])
    }

    @Test("Every verb that reads settings reports a fault with file and line")
    func faults() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("[Match]\nOn=pln\n[Action]\nApprove=yes\n", to: "40-docs.rule")
        for words in [["rules"], ["rules", "test"], ["check-config"], ["check-config", "--for-reload"], ["run"]] {
            var launch = launch(folder)
            launch.arguments = words + launch.arguments
            let end = try await run(launch)
            #expect(end.status == 78, "\(words): \(end)")
            #expect((end.output + end.error).contains("\(file):2"), "\(words): \(end)")
        }
    }

    @Test("rules test needs a store, and takes files instead of the active rules")
    func tests() async throws {
        let folder = try TemporaryFolder()
        let end = try await run(launch(folder, "rules", "test"))
        #expect(end.status == 74 && end.error.contains("sessions.sqlite"), "\(end)")
        let bad = try folder.write("[Match]\nOn=plan\n[Action]\nAprove=yes\n", to: "draft")
        let fault = try await run(launch(folder, "rules", "test", bad))
        #expect(fault.status == 78 && fault.error.contains("\(bad):4"), "\(fault)")
    }
}
