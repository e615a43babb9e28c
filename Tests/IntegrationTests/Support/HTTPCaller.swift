// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import TestSupport

/// A client that uses a new connection for each request.
struct HTTPCaller: Sendable {
    let address: SocketAddress
    /// The token to send; `nil` sends none.
    var token: String? = Launch.token

    struct Reply: Sendable {
        var status: Int
        /// The names are in lower case.
        var headers: [String: String]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSON { get throws { try JSON(parsing: body) } }
    }

    func get(_ target: String, headers: [String: String] = [:]) async throws -> Reply {
        try await call("GET", target, headers: headers)
    }

    func post(_ target: String, _ body: String) async throws -> Reply { try await call("POST", target, body) }

    func call(
        _ method: String, _ target: String, _ body: String? = nil, headers: [String: String] = [:]
    ) async throws -> Reply {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
        if let token { head += "Authorization: Bearer \(token)\r\n" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        let connection = try await RawConnection(address)
        try await connection.send(head + "\r\n" + (body ?? ""))
        let lines = try await connection.text(upTo: "\r\n\r\n").split(separator: "\r\n")
        let headers = lines.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Reply(
            status: status ?? 0, headers: Dictionary(headers, uniquingKeysWith: { "\($0), \($1)" }),
            body: try await connection.restBytes())
    }
}
