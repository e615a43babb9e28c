// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import TestSupport

/// A client that follows the feed with Server-Sent Events (WHATWG HTML §9.2).
struct EventStreamClient: Sendable {
    struct Event: Sendable {
        var name = ""
        var id: String?
        var data = ""

        var json: JSON { get throws { try JSON(parsing: data) } }
    }

    let connection: RawConnection
    /// The head of the answer in lower case.
    let head: String

    init(_ address: SocketAddress, _ query: String = "", lastEventID: String? = nil) async throws {
        connection = try await RawConnection(address)
        let resume = lastEventID.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        try await connection.send(
            "GET /api/events\(query) HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer \(Launch.token)\r\n\(resume)\r\n")
        head = try await connection.text(upTo: "\r\n\r\n").lowercased()
    }

    /// The next event. Comments before it are skipped.
    func next() async throws -> Event {
        while true {
            var event = Event()
            for line in try await connection.text(upTo: "\n\n").split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                let value = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
                switch parts[0] {
                case "event": event.name = value
                case "id": event.id = value
                case "data": event.data += value
                default: break
                }
            }
            if !event.data.isEmpty { return event }
        }
    }
}
