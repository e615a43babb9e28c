// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

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
    static func html(_ status: Int, _ page: FrontEndPage) -> APIReply {
        APIReply(
            status: status, headers: [Header(name: "content-type", value: FrontEndPage.contentType)], body: page.bytes)
    }

    /// What the front end says to a URL that belongs to no method.
    static func unknownURL(_ path: String) -> APIReply { html(404, FrontEndPage(unknownURL: path)) }
}
