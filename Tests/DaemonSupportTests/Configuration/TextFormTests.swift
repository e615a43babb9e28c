// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

@Suite("Text forms", .timeLimit(.minutes(2)))
struct TextFormTests {
    @Test(
        "Durations are parsed",
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("5s", .seconds(5)), ("2min", .seconds(120)), ("1h", .seconds(3600)),
            ("1d", .seconds(86_400)), ("7", .seconds(7)), ("0", .zero), ("5 s", .seconds(5)),
        ])
    func durations(text: String, duration: Duration) {
        #expect(Duration(parsing: text) == duration)
    }

    @Test(
        "A text that is no duration, or is too long for one, is refused",
        arguments: [
            "", "s", "-5s", "+5s", "5m", "5S", "1.5s", "5s5", "1h 30min", "9223372036854775807s", "٣s",
            "99999999999999999999",
        ])
    func noDurations(text: String) {
        #expect(Duration(parsing: text) == nil)
    }

    @Test(
        "A written duration is parsed back to the same text",
        arguments: ["500ms", "5s", "90s", "2min", "1h", "1d", "0s", "1500ms"])
    func durationText(text: String) {
        #expect(Duration(parsing: text)?.text == text)
    }

    @Test("Durations without an exact text are written too")
    func longestText() {
        #expect(Duration.seconds(Int64.max).text == "9223372036854775807s")
        #expect(Duration.nanoseconds(1_999_999).text == "1ms")
    }

    @Test(
        "A list is split into its items",
        arguments: [
            ("a,\u{301}b, \u{301}", ["a", "\u{301}b", "\u{301}"]), ("a, b ,c", ["a", "b", "c"]), ("", []), (" , ,", []),
            ("a b,c", ["a b", "c"]),
        ])
    func lists(text: String, items: [String]) {
        #expect(text.listItems == items)
    }

    @Test(
        "The nearest key is found, and none if no key is similar",
        arguments: [
            ("PROT", "PORT"), ("JULES_APIKEY", "JULES_API_KEY"), ("local_token", "LOCAL_TOKEN"),
            ("JLUES_API_KEY", "JULES_API_KEY"),
            ("SOMETHING_ELSE", nil), ("X", nil),
        ] as [(String, String?)])
    func nearest(typed: String, meant: String?) {
        #expect(typed.nearest(among: ["JULES_API_KEY", "LOCAL_TOKEN", "PORT", "HOST"]) == meant)
    }

    @Test("A secret is shown only by reveal()")
    func secret() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(["x": secret], to: &dumped)
        #expect("\(secret) \(String(reflecting: secret)) \(dumped)".contains("hunter2") == false)
        #expect("\(secret)" == "[redacted]")
        #expect(secret.reveal() == "hunter2")
        #expect(secret == Secret("hunter2"))
        #expect(secret != Secret("hunter3"))
    }
}
