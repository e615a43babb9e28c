// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

@Suite("Programs of the system", .timeLimit(.minutes(2)))
struct SystemCommandTests {
    @Test(
        "A program runs to its end and leaves its status and output",
        arguments: [
            (["true"], "", 0, ""), (["false"], "", 1, ""), (["sh", "-c", "exit 42"], "", 42, ""),
            (["cat"], "text", 0, "text"), (["sh", "-c", "echo out; echo err >&2"], "", 0, "out\n"),
            (["sh", "-c", "kill -9 $$"], "", 128 + 9, ""),
            (["no-such-program-here"], "", 127, ""), ([], "", 127, ""),
        ] as [([String], String, Int32, String)])
    func run(arguments: [String], input: String, status: Int32, output: String) {
        let result = SystemCommand.run(arguments, input: Array(input.utf8))
        #expect(result == SystemCommand.Result(status: status, output: Array(output.utf8)))
    }

    @Test("A program gets a fixed environment, with the system's folders as its PATH")
    func environment() {
        let result = SystemCommand.run(["env"])
        let names = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
            .map { String($0.prefix { $0 != "=" }) }
        #expect(Set(names) == ["PATH", "LANG", "SYSTEMD_PAGER", "SYSTEMD_COLORS", "SYSTEMD_LOG_LEVEL"])
    }

    @Test(
        "The input may be as long as a pipe's buffer; with more the program is not started",
        arguments: [(65_536, 0), (65_537, 127)])
    func input(count: Int, status: Int32) {
        let result = SystemCommand.run(["cat"], input: Array(repeating: 0x78, count: count))
        #expect(result.status == status)
        #expect(result.output.count == (status == 0 ? count : 0))
    }

    @Test("The output may be longer than a pipe's buffer")
    func output() {
        #expect(SystemCommand.run(["head", "-c", "300000", "/dev/zero"]).output.count == 300_000)
    }
}
