// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import NIOPosix

extension HTTPResponse {
    /// Bodies with fewer bytes are not compressed.
    static let smallestCompressed = 1024

    /// The answer that fits the request: compressed if the client accepts gzip, and 304 if the client has it already.
    ///
    /// Slow work is done on a thread that may block. An event stream or a WebSocket is returned unchanged.
    public func negotiated(with request: HTTPRequest) -> HTTPAnswer {
        guard let length = body.length, isCompressible else { return .ready(self) }
        var response = self
        response.headers.add(name: "vary", value: "Accept-Encoding")
        let isTagged = isTagged && status == .ok && (request.method == .GET || request.method == .HEAD)
        let isCompressed =
            length >= Self.smallestCompressed && AcceptEncoding(request.headers["accept-encoding"]).prefersGzip
        guard isTagged || isCompressed, let body = body.shared else { return .ready(response) }
        let known = isTagged ? request.headers["if-none-match"] : []
        let negotiate = { @Sendable [response] in
            var response = response
            response.send(body, isTagged: isTagged, isCompressed: isCompressed, unlessIn: known)
            return response
        }
        if body.isQuick(compressed: isCompressed) { return .ready(negotiate()) }
        return .pending { [response] in
            // Nothing comes back if the pool was shut down, or the task was cancelled because the client has gone.
            (try? await NIOThreadPool.singleton.runIfActive(negotiate)) ?? response
        }
    }

    private mutating func send(_ body: SharedBody, isTagged: Bool, isCompressed: Bool, unlessIn known: [String]) {
        let isNew = !isTagged || !body.tag(compressed: isCompressed).isNamed(in: known)
        let compressed = isNew && isCompressed ? body.gzip() : nil
        if isTagged {
            let tag = body.tag(compressed: isNew ? compressed != nil : isCompressed)
            headers.replaceOrAdd(name: "etag", value: tag.field)
            if !headers.contains(name: "cache-control") {
                headers.add(name: "cache-control", value: "private, no-cache")
            }
        }
        guard isNew else {
            status = .notModified
            headers.remove(name: "content-type")
            self.body = .bytes([])
            return
        }
        if compressed != nil { headers.add(name: "content-encoding", value: "gzip") }
        self.body = .shared(compressed.map(SharedBody.init) ?? body)
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
