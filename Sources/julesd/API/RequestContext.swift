// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOCore
import NIOHTTP1

/// One request with the gate's results.
struct RequestContext: Sendable {
    /// Which checks a route needs.
    enum Area: Sendable {
        /// None: `/healthz`.
        case open
        /// The address: pages, readiness, metrics.
        case listed
        /// The address, the rate limit, the origin and the token.
        case api
    }

    let request: HTTPRequest
    /// The route's template.
    let template: String
    /// `nil` on a Unix socket.
    var client: IPAddress?
    var verdict = CrossOrigin.Verdict.sameOrigin
    /// The fields that every answer to this request needs, errors included.
    var headers: HTTPHeaders = [:]

    init(request: HTTPRequest, template: String) {
        self.request = request
        self.template = template
    }

    var area: Area {
        let path = request.path
        if path == "/healthz" { return .open }
        return path == "/api" || path.hasPrefix("/api/") || isWebSocket || isMCP || isMirror
            ? .api : .listed
    }

    var isWebSocket: Bool { request.path == "/ws" }
    var isMCP: Bool { request.path == "/mcp" }
    var isMirror: Bool { request.isMirror }

    /// The method of the Jules API that the request asks of the mirror; `nil` if it asks for none.
    var mirrored: JulesAPI.Operation? {
        isMirror ? APIRoute(method: request.method.rawValue, path: request.path)?.operation : nil
    }

    /// The token of the request, right or wrong. Tools of the Jules API send it in the places for the API's key.
    var presentedToken: String? {
        if isMirror, let key = request.headers.first(name: "x-goog-api-key") ?? request.query["key"], !key.isEmpty {
            return key
        }
        return BearerToken.presented(authorization: request.headers.first(name: "authorization"))
            ?? (isWebSocket
                ? BearerToken.presented(subprotocols: request.headers["sec-websocket-protocol"])?.token : nil)
    }

    var isPreflight: Bool {
        request.method == .OPTIONS && request.headers.contains(name: "origin")
            && request.headers.contains(name: "access-control-request-method")
    }

    /// The client, for the log.
    var peerText: String {
        switch request.peer {
        case .unix(let credentials): "uid \(credentials.uid)"
        case .tcp(let address): client.map(\.description) ?? address.ipAddress ?? "?"
        }
    }

    func preflightHeaders(allowing methods: [HTTPMethod]) -> HTTPHeaders {
        guard case .allowed = verdict else { return [:] }
        return HTTPHeaders(CrossOrigin.preflightFields(methods: methods.map(\.rawValue)).map { ($0.name, $0.value) })
    }
}

extension HTTPRequest {
    /// Whether the request is for the mirror of the Jules API.
    var isMirror: Bool { path == APIRoute.root || path.hasPrefix(APIRoute.root + "/") }
}
