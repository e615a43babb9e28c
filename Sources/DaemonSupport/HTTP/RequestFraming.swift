// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// Why a request is refused before anybody reads it.
struct HTTPFault: Error, Equatable {
    var status: HTTPResponseStatus
    var code: String
    var message: String

    static let bodyTooLarge = HTTPFault(
        status: .payloadTooLarge, code: "body_too_large", message: "The request's body is too large.")
    static let headerTooLarge = HTTPFault(
        status: .requestHeaderFieldsTooLarge, code: "header_too_large", message: "The request's header is too large.")
    static let slowBody = HTTPFault(
        status: .requestTimeout, code: "request_timeout", message: "The request's body did not arrive in time.")
    static let overloaded = HTTPFault(
        status: .serviceUnavailable, code: "overloaded", message: "There are too many connections.")

    static func malformed(_ message: String) -> HTTPFault {
        HTTPFault(status: .badRequest, code: "invalid_request", message: message)
    }
}

extension HTTPRequestHead {
    /// Refuses what NIO's parser lets through and a proxy in front of us may read differently (RFC 9112 §3.2, §6).
    func checkFraming(maximumBody: Int) throws(HTTPFault) {
        if version.minor >= 1, headers["host"].count != 1 {
            throw .malformed("A request must have one Host field.")
        }
        let lengths = headers["content-length"]
        let codings = headers[canonicalForm: "transfer-encoding"]
        if !codings.isEmpty {
            guard lengths.isEmpty else { throw .malformed("Content-Length and Transfer-Encoding exclude each other.") }
            guard version.minor >= 1 else { throw .malformed("HTTP/1.0 knows no Transfer-Encoding.") }
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw HTTPFault(
                    status: .notImplemented, code: "not_implemented", message: "The only Transfer-Encoding is chunked.")
            }
        }
        if let length = lengths.first {
            guard lengths.count == 1, let length = Int(length) else { throw .malformed("Content-Length is malformed.") }
            guard length <= maximumBody else { throw .bodyTooLarge }
        }
        if let expectation = headers.first(name: "expect"), expectation.lowercased() != "100-continue" {
            throw HTTPFault(
                status: .expectationFailed, code: "expectation_failed",
                message: "The only expectation is 100-continue.")
        }
    }

    /// Whether the client waits for a word before it sends its body (RFC 9110 §10.1.1).
    var expectsContinue: Bool {
        version.minor >= 1 && headers.contains(name: "expect")
    }

    /// The target in origin form; clients of proxies send it with scheme and authority (RFC 9112 §3.2.2).
    var originTarget: String {
        guard !uri.hasPrefix("/"), let scheme = uri.firstRange(of: "://") else { return uri }
        let rest = uri[scheme.upperBound...]
        guard let start = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
        return rest[start] == "?" ? "/" + rest[start...] : String(rest[start...])
    }
}
