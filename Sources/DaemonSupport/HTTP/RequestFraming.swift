// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// Why the server refuses a request before `respond` sees it.
struct HTTPError: Error, Equatable {
    var status: HTTPResponseStatus
    var code: String
    var message: String

    static let bodyTooLarge = HTTPError(
        status: .payloadTooLarge, code: "body_too_large", message: "The request's body is too large.")
    static let targetTooLong = HTTPError(
        status: .uriTooLong, code: "uri_too_long", message: "The request's target is too long.")
    static let headerTooLarge = HTTPError(
        status: .requestHeaderFieldsTooLarge, code: "header_too_large", message: "The request's header is too large.")
    static let slowHead = HTTPError(
        status: .requestTimeout, code: "request_timeout", message: "The request's header did not arrive in time.")
    static let slowBody = HTTPError(
        status: .requestTimeout, code: "request_timeout", message: "The request's body did not arrive in time.")
    static let overloaded = HTTPError(
        status: .serviceUnavailable, code: "overloaded", message: "There are too many connections.")

    static func malformed(_ message: String) -> HTTPError {
        HTTPError(status: .badRequest, code: "invalid_request", message: message)
    }
}

extension HTTPRequestHead {
    /// Refuses requests that NIO's parser accepts, but that a proxy in front of us may read differently (RFC 9112 §3.2,
    /// §6).
    ///
    /// - Throws: `HTTPError` with the status for the client.
    func checkFraming(_ limits: HTTPLimits) throws(HTTPError) {
        try checkTarget(limits)
        try checkHost()
        try checkBody(limits)
        if let expectation = headers.first(name: "expect"), expectation.lowercased() != "100-continue" {
            throw HTTPError(
                status: .expectationFailed, code: "expectation_failed",
                message: "The only expectation is 100-continue.")
        }
    }

    private func checkTarget(_ limits: HTTPLimits) throws(HTTPError) {
        guard uri.utf8.count <= limits.maximumTarget else { throw .targetTooLong }
        guard method != .CONNECT else {
            throw HTTPError(status: .notImplemented, code: "not_implemented", message: "This is no proxy.")
        }
        // A proxy and our own code would read a different path from any other form.
        guard originTarget.hasPrefix("/") || uri == "*" && method == .OPTIONS else {
            throw .malformed("The request's target must be a path or an http URL.")
        }
    }

    private func checkHost() throws(HTTPError) {
        let hosts = headers["host"]
        guard hosts.count == 1 || hosts.isEmpty && version.minor == 0 else {
            throw .malformed("A request must have one Host field.")
        }
        guard let host = hosts.first else { return }
        guard host.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"/\\?#@,".utf8.contains($0) }) else {
            throw .malformed("Host must be a host name with an optional port.")
        }
    }

    private func checkBody(_ limits: HTTPLimits) throws(HTTPError) {
        let lengths = headers["content-length"]
        let codings = headers["transfer-encoding"]
        if !codings.isEmpty {
            guard lengths.isEmpty else { throw .malformed("Content-Length and Transfer-Encoding exclude each other.") }
            guard version.minor >= 1 else { throw .malformed("HTTP/1.0 knows no Transfer-Encoding.") }
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw HTTPError(
                    status: .notImplemented, code: "not_implemented", message: "The only Transfer-Encoding is chunked.")
            }
        }
        if let length = lengths.first {
            guard lengths.count == 1, let length = Int(length) else { throw .malformed("Content-Length is malformed.") }
            guard length <= limits.maximumBody else { throw .bodyTooLarge }
        }
    }

    /// Whether a body follows that may have bytes.
    var announcesBody: Bool {
        headers.contains(name: "transfer-encoding") || headers.first(name: "content-length").map { $0 != "0" } ?? false
    }

    /// Whether the client waits for 100 (Continue) before it sends its body (RFC 9110 §10.1.1).
    var expectsContinue: Bool {
        version.minor >= 1 && headers.contains(name: "expect")
    }

    /// The target in origin form. Clients of proxies send it with scheme and authority (RFC 9112 §3.2.2).
    var originTarget: String {
        guard !uri.hasPrefix("/") else { return uri }
        let start = uri.prefix(8).lowercased()
        guard let scheme = ["http://", "https://"].first(where: start.hasPrefix) else { return uri }
        let rest = uri.dropFirst(scheme.count)
        guard let end = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
        return rest[end] == "?" ? "/" + rest[end...] : String(rest[end...])
    }
}

extension HTTPHeaders {
    /// Removes white space at the end of values, which is not part of them (RFC 9110 §5.5). The parser removes it only
    /// at the start.
    mutating func trimValues() {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        guard contains(where: { $0.value.utf8.last.map(isBlank) ?? false }) else { return }
        self = HTTPHeaders(
            map { name, value in
                let blanks = value.utf8.reversed().prefix(while: isBlank).count
                return (name, String(value.unicodeScalars.dropLast(blanks)))
            })
    }
}
