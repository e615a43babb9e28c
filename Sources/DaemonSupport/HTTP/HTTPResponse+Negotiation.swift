// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import NIOPosix

extension HTTPResponse {
    /// Bodies with fewer bytes are not compressed.
    static let smallestCompressed = 1024
    /// Bodies with more bytes are hashed on another thread.
    private static let largestDigested = 65_536

    /// The answer that fits the request: compressed if the client accepts gzip, and 304 if the client has it already.
    ///
    /// Slow work is done on a thread that may block. An event stream or a WebSocket is returned unchanged.
    public func negotiated(with request: HTTPRequest) async -> HTTPResponse {
        guard case .bytes(let body) = self.body, isCompressible else { return self }
        var response = self
        response.headers.add(name: "vary", value: "Accept-Encoding")
        let isTagged = isTagged && status == .ok && (request.method == .GET || request.method == .HEAD)
        let isCompressed =
            body.count >= Self.smallestCompressed && AcceptEncoding(request.headers["accept-encoding"]).prefersGzip
        guard isTagged || isCompressed else { return response }
        let known = isTagged ? request.headers["if-none-match"] : []
        let negotiate = { @Sendable () -> Outcome in
            Outcome(body, isTagged: isTagged, isCompressed: isCompressed, known: known)
        }
        let isQuick = !isCompressed && body.count <= Self.largestDigested
        let outcome =
            isQuick ? negotiate() : try? await NIOThreadPool.singleton.runIfActive(negotiate)
        // The pool was shut down, or the task was cancelled because the client has gone.
        guard let outcome else { return response }
        if let tag = outcome.tag {
            response.headers.replaceOrAdd(name: "etag", value: tag.field)
            if !response.headers.contains(name: "cache-control") {
                response.headers.add(name: "cache-control", value: "private, no-cache")
            }
        }
        switch outcome.body {
        case .known:
            response.status = .notModified
            response.headers.remove(name: "content-type")
            response.body = .bytes([])
        case .compressed(let bytes):
            response.headers.add(name: "content-encoding", value: "gzip")
            response.body = .bytes(bytes)
        case .plain: break
        }
        return response
    }

    /// Whether the body is text. Other bodies are compressed already, or must be sent as they are.
    private var isCompressible: Bool {
        guard mayHaveBody, !headers.contains(name: "content-encoding"),
            let type = headers.first(name: "content-type")?.lowercased()
        else { return false }
        return type.hasPrefix("text/")
            || ["json", "javascript", "xml"].contains { type.prefix { $0 != ";" }.hasSuffix($0) }
    }
}

/// The body and the tag that are sent.
private struct Outcome: Sendable {
    enum Body: Sendable {
        case plain, known
        case compressed([UInt8])
    }

    var tag: EntityTag?
    var body = Body.plain

    init(_ body: [UInt8], isTagged: Bool, isCompressed: Bool, known: [String]) {
        if isTagged {
            tag = EntityTag(of: body, coding: isCompressed ? "gzip" : nil)
            if tag?.isNamed(in: known) == true {
                self.body = .known
                return
            }
        }
        guard isCompressed else { return }
        if let bytes = Gzip.compress(body) {
            self.body = .compressed(bytes)
        } else if isTagged {
            tag = EntityTag(of: body)
        }
    }
}
