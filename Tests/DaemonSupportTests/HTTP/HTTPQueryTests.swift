// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import Testing

@Suite("HTTP queries", .timeLimit(.minutes(2)))
struct HTTPQueryTests {
    @Test(
        "A query is split byte by byte and decoded",
        arguments: [
            ("a=1&b=%20+x", ["a": "1", "b": "  x"]), ("a", ["a": ""]), ("&&a=b=c&", ["a": "b=c"]),
            ("a=%zz&b=%ff", ["a": "%zz", "b": "%ff"]),
            // An accent after a separator, a plus or a percent sign does not join with it.
            ("a=\u{301}&\u{301}b=+\u{301}%41", ["a": "\u{301}", "\u{301}b": " \u{301}A"]),
            ("a=%\u{301}41", ["a": "%\u{301}41"]),
        ])
    func pairs(text: String, pairs: [String: String]) {
        let query = HTTPQuery(text)
        #expect(query.pairs.count == pairs.count)
        for (name, value) in pairs { #expect(query[name].map { Array($0.utf8) } == Array(value.utf8)) }
    }

    @Test("The query begins after the first question mark")
    func target() {
        let request = HTTPRequest(method: .GET, target: "/a?\u{301}=1?", peer: .unix(.init(uid: 0, gids: [])))
        #expect(request.path == "/a")
        #expect(request.query.pairs.map(\.value) == ["1?"])
    }
}
