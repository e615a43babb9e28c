// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import Testing

@testable import julesd

@Suite("Events", .timeLimit(.minutes(2)))
struct EventsTests {
    @Test("Each event has a catalog entry with a subject and a text, and the catalog has no other entry")
    func catalog() throws {
        let text = try contents(of: #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 })
        var listed: [CatalogEvent] = []
        for entry in text.split(separator: "\n# ").dropFirst() {
            let lines = entry.split(separator: "\n", omittingEmptySubsequences: false)
            try #require(lines.count > 7 && lines[1].hasPrefix("-- "), "\(entry)")
            listed.append(CatalogEvent(name: String(lines[0]), messageID: String(lines[1].dropFirst(3))))
            #expect(lines[2].hasPrefix("Subject: ") && lines[3] == "Defined-By: julesd", "\(entry)")
            #expect(lines[6].isEmpty && !lines[7].isEmpty, "\(entry)")
        }
        #expect(listed == CatalogEvent.all)
    }

    @Test("Each event has its own id in the form of a MESSAGE_ID")
    func identifiers() {
        #expect(Set(CatalogEvent.all.map(\.messageID)).count == CatalogEvent.all.count)
        #expect(Set(CatalogEvent.all.map(\.name)).count == CatalogEvent.all.count)
        for event in CatalogEvent.all { #expect(event.messageID.contains(/^[0-9a-f]{32}$/)) }
    }

    private func contents(of root: String) throws -> String {
        let file = open(root + "/systemd/julesd.catalog", O_RDONLY)
        try #require(file >= 0)
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        return String(decoding: bytes[..<read(file, &bytes, bytes.count)], as: UTF8.self)
    }
}
