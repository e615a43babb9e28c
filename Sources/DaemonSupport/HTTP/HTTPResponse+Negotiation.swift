// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import NIOPosix

extension HTTPResponse {
    /// Bodies of fewer bytes are sent as they are.
    static let smallestCompressed = 1024
    /// Bodies of more bytes are digested on another thread.
    private static let largestDigested = 65_536

    /// The answer as this request wants it: compressed if the client takes that, and 304 if the client has it already.
    ///
    /// What takes time is done on a thread that may block; an event stream or a WebSocket is left alone.
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
        // The client has gone meanwhile.
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

    /// Text, in whatever form: anything else is compressed already, or was made to be sent as it is.
    private var isCompressible: Bool {
        guard mayHaveBody, !headers.contains(name: "content-encoding"),
            let type = headers.first(name: "content-type")?.lowercased()
        else { return false }
        return type.hasPrefix("text/")
            || ["json", "javascript", "xml"].contains { type.prefix { $0 != ";" }.hasSuffix($0) }
    }
}

/// What the client gets.
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
