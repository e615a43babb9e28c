// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

@Suite("EnvironmentFile", .timeLimit(.minutes(2)))
struct EnvironmentFileTests {
    @Test(
        "A value is read as systemd reads it",
        arguments: [
            ("K=v", "v"), ("K=", ""), ("  K = v w  ", "v w"), ("export K=v", "v"), ("export\tK=v", "v"),
            ("K='a b'", "a b"), ("K=\"a b\"  ", "a b"), ("K='a'\"b\"", "ab"), ("K='a # b'", "a # b"), ("K=a#b", "a#b"),
            ("K=#a", "#a"), ("K=a\"b\"", "a\"b\""), ("K=a\\ ", "a "), ("K=a\\\\b", "a\\b"), ("K=a \\#b", "a #b"),
            ("K=a\\\nb", "ab"), ("K=\"a\\\nb\"", "ab"), ("K=\"a\nb\"", "a\nb"), ("K='a\\'", "a\\"),
            ("K=\"\\\"\\$\\x\"", "\"$\\x"), ("K=a=b", "a=b"), ("K=é", "é"), ("\u{FEFF}K=v", "v"), ("K=v\\", "v"),
            ("K=\"  \"", "  "), ("K=v\r\n", "v"), ("K='a\r\nb'\r\n", "a\nb"), ("K=a;b", "a;b"),
        ])
    func values(text: String, value: String) {
        let file = EnvironmentFile(Array(text.utf8))
        #expect(file.faults == [])
        #expect(file.assignments.map(\.key) == ["K"])
        #expect(file.assignments.map(\.value) == [value])
    }

    @Test("Lines are counted over comments, joined lines and quotes, and repeated keys stay in order")
    func lines() {
        let text = "# c \\\nA=1\n\n ; d\nB=\"x\ny\"\nC=1\\\n2\nA=3"
        let file = EnvironmentFile(Array(text.utf8))
        #expect(file.faults == [])
        #expect(file.assignments.map { "\($0.key)@\($0.line)" } == ["A@2", "B@5", "C@7", "A@9"])
    }

    @Test(
        "A fault has its line and reason without the text of the line, and reading goes on after it",
        arguments: [
            ("hunter2", "no \"=\""), ("K=hunter2 # c", "\" #\""), ("K='hunter2' # c", "\" #\""),
            ("K= # hunter2", "\" #\""),
            ("K=\"hunter2", "not closed"), ("K='hunter2", "not closed"), ("1K=hunter2", "no key"),
            ("a b=hunter2", "no key"),
            ("=hunter2", "no key"), ("K-K=hunter2", "no key"), ("K=hunter2\0", "NUL"), ("export K J=hunter2", "no key"),
        ])
    func faults(text: String, reason: String) {
        let file = EnvironmentFile(Array("A=1\n\(text)\nB=2".utf8))
        #expect(file.faults.map(\.line) == [2])
        #expect(file.faults.allSatisfy { $0.reason.contains(reason) && !$0.reason.contains("hunter2") })
        #expect(file.assignments.map(\.key) == ["A", "B"])
    }

    @Test("A value that is not UTF-8 is refused, but a comment may be anything")
    func utf8() {
        let file = EnvironmentFile(Array("# ".utf8) + [0xFF] + Array("\nK=".utf8) + [0xC3, 0x28, 0x0A])
        #expect(file.faults.map(\.line) == [2])
        #expect(file.assignments == [])
    }
}
