// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

/// A response of the API, and how it is sent.
struct APIReply: Sendable, Equatable {
    /// How the bytes are sent.
    enum Delivery: Sendable, Equatable {
        case whole
        /// The connection is reset before anything is sent.
        case reset
        /// The head announces the whole body, but the connection is closed after `bytes` bytes of it.
        case truncated(bytes: Int)
        /// The body is sent in pieces of `bytes` bytes, one in each interval of `every`.
        case drip(bytes: Int, every: Duration)
    }

    struct Header: Sendable, Equatable {
        var name: String
        var value: String
    }

    var status: Int
    var headers: [Header] = []
    var body: [UInt8] = []
    /// The real time that passes before the head is sent.
    var delay: Duration = .zero
    var delivery: Delivery = .whole

    /// A JSON response, indented as by Google's front ends.
    static func json(_ status: Int = 200, _ value: JSON, pretty: Bool = true) -> APIReply {
        APIReply(
            status: status, headers: [Header(name: "content-type", value: "application/json; charset=UTF-8")],
            body: pretty ? value.prettyBytes : value.bytes)
    }

    /// An HTML response, which a client of the API cannot parse.
    static func html(_ status: Int, _ page: FrontEndPage) -> APIReply {
        APIReply(
            status: status, headers: [Header(name: "content-type", value: FrontEndPage.contentType)], body: page.bytes)
    }

    /// The front end's response to a URL that belongs to no method.
    static func unknownURL(_ path: String) -> APIReply { html(404, FrontEndPage(unknownURL: path)) }
}
