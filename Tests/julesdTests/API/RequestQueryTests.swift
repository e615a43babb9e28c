// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import Testing

@testable import julesd

@Suite("A request's query", .timeLimit(.minutes(2)))
struct RequestQueryTests {
    /// Reads one parameter in the given form, then finishes; the value's text, or the message of the error.
    private func read(_ query: String, _ form: Form) -> String {
        var reader = RequestQuery(
            HTTPRequest(method: .GET, target: "/x?\(query)", peer: .unix(.init(uid: 0, gids: []))))
        let value = form.read(&reader)
        do throws(RequestError) {
            try reader.finish()
            return value ?? "absent"
        } catch {
            return error.message
        }
    }

    enum Form: Sendable {
        case text, texts, number, duration, cursor, choice

        fileprivate func read(_ reader: inout RequestQuery) -> String? {
            switch self {
            case .text: reader.string("p")
            case .texts: reader.strings("p").joined(separator: " and ")
            case .number: reader.integer("p", 1...100).map { (number: Int) in String(number) }
            case .duration: reader.duration("p").map { "\($0 / .milliseconds(1)) ms" }
            case .cursor: reader.cursor { $0 == "c1" ? "place 1" : nil }
            case .choice: reader.choice("p", ["on": "yes", "off": "no"])
            }
        }
    }

    @Test(
        "A parameter is read in its form",
        arguments: [
            ("p=a", .text, "a"), ("p=a%20b", .text, "a b"), ("p=a+b", .text, "a b"), ("p=", .text, "absent"),
            ("", .text, "absent"), ("p=a&p=b", .texts, "a and b"), ("p=a&p=", .texts, "a"),
            ("p=1", .number, "1"), ("p=100", .number, "100"), ("p=007", .number, "7"), ("p=", .number, "absent"),
            ("p=2", .duration, "2000.0 ms"), ("p=500ms", .duration, "500.0 ms"), ("", .duration, "absent"),
            ("cursor=c1", .cursor, "place 1"), ("", .cursor, "absent"),
            ("p=on", .choice, "yes"), ("p=off", .choice, "no"), ("", .choice, "absent"),
        ] as [(String, Form, String)])
    func values(query: String, form: Form, value: String) {
        #expect(read(query, form) == value)
    }

    @Test(
        "Each wrong or unknown parameter is named, with the accepted form",
        arguments: [
            ("p=0", .number, "p must be a whole number from 1 to 100"),
            ("p=101", .number, "p must be a whole number from 1 to 100"),
            ("p=+5", .number, "p must be a whole number from 1 to 100"),
            ("p=%2B5", .number, "p must be a whole number from 1 to 100"),
            ("p=-5", .number, "p must be a whole number from 1 to 100"),
            ("p=5.0", .number, "p must be a whole number from 1 to 100"),
            ("p=%D9%A5", .number, "p must be a whole number from 1 to 100"),
            ("p=99999999999999999999", .number, "p must be a whole number from 1 to 100"),
            ("p=soon", .duration, "p must be seconds, or a duration such as 500ms or 30s"),
            ("cursor=c2", .cursor, "cursor must be the nextCursor of an earlier answer"),
            ("p=On", .choice, "p must be one of on, off"),
            ("q=1", .number, "q is not a parameter of this request"),
            ("P=1", .number, "P is not a parameter of this request"),
            ("p=0&q=1", .number, "p must be a whole number from 1 to 100; q is not a parameter of this request"),
        ] as [(String, Form, String)])
    func problems(query: String, form: Form, problem: String) {
        #expect(read(query, form) == "The request cannot be used: \(problem).")
    }
}
