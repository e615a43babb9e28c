// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import julesd

@Suite("Cursors", .timeLimit(.minutes(2)))
struct CursorTests {
    @Test("A cursor is a place", arguments: [("1763629000000000000.118", 1_763_629_000_000_000_000), ("-5.a.b", -5)])
    func place(cursor: String, created: Int64) throws {
        let place = try #require(ListPlace(cursor: cursor))
        #expect(place.time == created)
        #expect(place.cursor == cursor)
    }

    @Test(
        "A cursor has only one spelling",
        arguments: ["", "1", "1.", ".1", "..1.2", "+1.2", "01.2", "-0.1", "9223372036854775808.1"])
    func other(text: String) {
        #expect(ListPlace(cursor: text) == nil)
    }
}
