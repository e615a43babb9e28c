// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

@Suite("JSON", .timeLimit(.minutes(2)))
struct JSONTests {
    @Test("Numbers stay as written, members stay in order, and escapes are decoded")
    func roundTrip() throws {
        let text = #"{"id":14550388554331055113,"b":[1.50,-0,2e+3],"a":"\u00e9\ud83d\udc4d\n","n":null,"t":true}"#
        let value = try JSON(parsing: text)
        #expect(value["id"] == .number("14550388554331055113"))
        #expect(value["a"]?.string == "é👍\n")
        #expect(value.description == #"{"id":14550388554331055113,"b":[1.50,-0,2e+3],"a":"é👍\n","n":null,"t":true}"#)
    }

    @Test("The order of members does not matter for equality, at any depth")
    func equality() throws {
        let a = try JSON(parsing: #"{"a":{"x":1,"y":[1,2]},"b":2}"#)
        #expect(try a == JSON(parsing: #"{"b":2,"a":{"y":[1,2],"x":1}}"#))
        #expect(try a != JSON(parsing: #"{"b":2,"a":{"y":[2,1],"x":1}}"#))
        #expect(try a != JSON(parsing: #"{"b":2,"a":{"y":[1,2],"x":1},"c":null}"#))
    }

    @Test(
        "A text that is not JSON is refused, and the error has the position",
        arguments: [
            ("", 0), ("{", 1), ("[1,]", 3), ("01", 1), ("1 2", 2), ("\"\u{1}\"", 1), (#""\x""#, 2), ("tru", 0),
            ("{\"a\" 1}", 5), ("-", 1), ("1.", 2), ("{a:1}", 1), (#""\u12g4""#, 5), ("nul", 0), ("[1", 2),
        ])
    func refuses(text: String, offset: Int) {
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
        do { _ = try JSON(parsing: text) } catch { #expect(error.offset == offset, "\(text): \(error)") }
        #expect(throws: JSONError.self) { try JSON.compact(Array(text.utf8)) }
    }

    @Test(
        "Ill-formed UTF-8 is refused",
        arguments: [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82]])
    func utf8(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSON(parsing: [0x22] + bytes + [0x22]) }
    }

    @Test("Nesting beyond the limit is refused and does not overflow the stack")
    func depth() throws {
        let deep = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
        _ = try JSON(parsing: deep(128))
        #expect(throws: JSONError.self) { try JSON(parsing: deep(129)) }
        #expect(throws: JSONError.self) { try JSON.compact(Array(deep(100_000).utf8)) }
    }

    @Test("White space between tokens is removed, and white space in strings is kept")
    func compact() throws {
        let text = #"{ "a \" b" : [ 1 , "c \\" , "\\\" d" ] , "e" : "\t f" }"#
        #expect(
            String(decoding: try JSON.compact(Array(text.utf8)), as: UTF8.self)
                == #"{"a \" b":[1,"c \\","\\\" d"],"e":"\t f"}"#)
    }

    @Test("A byte that a string must not contain is found at every place")
    func everyPlace() {
        for place in 0..<24 {
            for wrong: UInt8 in [0x00, 0x0A, 0x1F, 0x80, 0xBF, 0xC0, 0xFF, UInt8(ascii: "\\")] {
                var text = [UInt8](repeating: UInt8(ascii: "a"), count: 24)
                text[place] = wrong
                let quoted = [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")]
                #expect(throws: JSONError.self, "\(wrong) at \(place)") { try JSON.compact(quoted) }
            }
            for right: UInt8 in [0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7F] {
                var text = [UInt8](repeating: UInt8(ascii: "a"), count: 24)
                text[place] = right
                let quoted = [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")]
                #expect((try? JSON.compact(quoted)) == quoted, "\(right) at \(place)")
            }
        }
    }

    @Test("A page is split into its items without white space, and items that are no objects are skipped")
    func list() throws {
        let body = """
            { "sessions": [ {"id" : "1", "title": "a b" }, 7, null, { } ],
              "nextPageToken": "t\\u0041" }
            """
        let list = try JSONList(Array(body.utf8), items: "sessions")
        #expect(list.items.map { String(decoding: $0, as: UTF8.self) } == [#"{"id":"1","title":"a b"}"#, "{}"])
        #expect(list.skipped == 2)
        #expect(list.nextPageToken == "tA")
        let empty = try JSONList(Array("{}".utf8), items: "sessions")
        #expect(empty.items.isEmpty && empty.nextPageToken == nil)
        #expect(throws: JSONError.self) { try JSONList(Array("<html>".utf8), items: "sessions") }
    }
}
