// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What the API answers, and how it travels.
struct APIReply: Sendable, Equatable {
    /// How the bytes reach the client.
    enum Delivery: Sendable, Equatable {
        case whole
        /// The connection is reset before a byte is sent.
        case reset
        /// The head promises the whole body, but the connection is closed after `bytes` of it.
        case truncated(bytes: Int)
        /// The body comes in pieces of `bytes`, `every` so often.
        case drip(bytes: Int, every: Duration)
    }

    struct Header: Sendable, Equatable {
        var name: String
        var value: String
    }

    var status: Int
    var headers: [Header] = []
    var body: [UInt8] = []
    /// How long the client waits for the head, in real time.
    var delay: Duration = .zero
    var delivery: Delivery = .whole

    /// An answer of JSON, indented as Google's front ends do.
    static func json(_ status: Int = 200, _ value: JSON, pretty: Bool = true) -> APIReply {
        APIReply(
            status: status, headers: [Header(name: "content-type", value: "application/json; charset=UTF-8")],
            body: pretty ? value.prettyBytes : value.bytes)
    }

    /// An answer of HTML, which no client of the API can read.
    static func html(_ status: Int, title: String, text: String) -> APIReply {
        let page = """
            <!DOCTYPE html>
            <html lang=en>
              <meta charset=utf-8>
              <title>Error \(status) (\(title))</title>
              <p><b>\(status).</b> <ins>That's an error.</ins>
              <p>\(text) <ins>That's all we know.</ins>

            """
        return APIReply(
            status: status, headers: [Header(name: "content-type", value: "text/html; charset=UTF-8")],
            body: Array(page.utf8))
    }

    /// What the front end says to a URL that belongs to no method.
    static func unknownURL(_ path: String) -> APIReply {
        let shown = path.map { "<>&\"".contains($0) ? "_" : String($0) }.joined()
        return .html(
            404, title: "Not Found", text: "The requested URL <code>\(shown)</code> was not found on this server.")
    }
}
