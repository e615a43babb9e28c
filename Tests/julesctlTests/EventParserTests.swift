// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import julesctl

@Suite("Event parser", .timeLimit(.minutes(2)))
struct EventParserTests {
    private let text =
        ": hello\r\n\r\nevent: hello\ndata: {\"seq\":1}\n\nid: 7\nevent: gap\ndata: one\ndata:two\n\ndata: plain\n\n"
    private let expected: [EventParser.Event] = [
        .init(name: "hello", data: "{\"seq\":1}"), .init(name: "gap", data: "one\ntwo"),
        .init(name: "message", data: "plain"),
    ]

    @Test("A stream is read the same however it is split", arguments: 1...12)
    func cuts(size: Int) {
        var parser = EventParser()
        let bytes = Array(text.utf8)
        var events: [EventParser.Event] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            events += parser.take(bytes[start..<min(start + size, bytes.count)])
        }
        #expect(events == expected)
    }
}
