// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import Logging
import NIOHTTP1
import Synchronization

/// Answers every request: finds its route, checks it at the gate, and turns every error into an answer.
struct API: Sendable {
    private let router: Router
    private let gate: RequestGate
    private let isStoreAway: @Sendable () -> Bool
    private let metrics: Metrics
    private let logger: Logger

    /// - Parameter isStoreAway: whether a shared store cannot be reached, so that no request to it is tried.
    init(
        routes: [Route], gate: RequestGate, isStoreAway: @escaping @Sendable () -> Bool = { false },
        metrics: Metrics = Metrics(), logger: Logger
    ) {
        router = Router(routes)
        self.gate = gate
        self.isStoreAway = isStoreAway
        self.metrics = metrics
        self.logger = logger
    }

    /// The answer to `request`. There always is one.
    @Sendable func answer(to request: HTTPRequest) -> HTTPAnswer {
        var exchange = Exchange(request, router)
        switch route(&exchange) {
        case .ready(let response): return finish(exchange, response)
        case .pending(let work):
            return .pending { [exchange] in
                do {
                    return await finish(exchange, try await work()).response
                } catch {
                    return await finish(exchange, refusal(exchange, error)).response
                }
            }
        }
    }

    private func route(_ exchange: inout Exchange) -> RouteAnswer {
        do {
            try gate.admit(&exchange.context)
            if exchange.context.isPreflight, let allowed = exchange.match.allowedMethods {
                let headers = exchange.context.preflightHeaders(allowing: allowed)
                return .ready(HTTPResponse(status: .noContent, headers: headers))
            }
            try gate.authenticate(exchange.context)
            if isStoreAway(), needsStore(exchange.context.request.path) { throw RequestError.storeUnavailable }
            return try answer(exchange.match, exchange.context.request, exchange.requestID)
        } catch {
            return .ready(refusal(exchange, error))
        }
    }

    private func needsStore(_ path: String) -> Bool { path.hasPrefix("/api/") || path == "/ws" }

    /// Whether the body of a request should be read: only if its client will be admitted.
    @Sendable func takesBody(of request: HTTPRequest) -> Bool {
        gate.expects(RequestContext(request: request, template: ""))
    }

    /// The answer to a request that the server itself refuses. Only a client that is admitted gets the reason.
    @Sendable func refuse(
        _ request: HTTPRequest?, _ status: HTTPResponseStatus, _ code: String, _ message: String
    ) -> HTTPResponse {
        let problem = RequestError(status, code, message)
        guard let request else {
            metrics.note(refusal: status)
            return problem.response(requestID: RequestID.fresh)
        }
        var exchange = Exchange(request, router)
        do {
            try gate.admit(&exchange.context)
            // If there are too many connections, every client gets that reason.
            if status != .serviceUnavailable { try gate.authenticate(exchange.context) }
            throw problem
        } catch {
            return seal(exchange, refusal(exchange, error))
        }
    }

    private func refusal(_ exchange: Exchange, _ error: any Error) -> HTTPResponse {
        if exchange.context.isMirror, let refusal = APIError(any: error) { return MirrorRoutes.response(to: refusal) }
        let problem = problem(error, exchange.requestID)
        if problem.code == RequestError.rateLimitedCode { metrics.noteRateLimited() }
        guard exchange.context.isMirror else { return problem.response(requestID: exchange.requestID) }
        let refusal = APIError(problem, of: exchange.context.mirrored, keyGiven: exchange.context.presentedToken != nil)
        var response = MirrorRoutes.response(to: refusal)
        for field in problem.headers where field.name != "retry-after" {
            response.headers.add(name: field.name, value: field.value)
        }
        return response
    }

    /// The answer in the form that the client accepts.
    private func finish(_ exchange: Exchange, _ response: HTTPResponse) -> HTTPAnswer {
        response.negotiated(with: exchange.context.request).map { seal(exchange, $0) }
    }

    /// Adds the fields that every answer needs, and counts and logs the answer.
    private func seal(_ exchange: Exchange, _ response: HTTPResponse) -> HTTPResponse {
        var response = response
        response.headers.add(contentsOf: exchange.context.headers)
        response.headers.replaceOrAdd(name: "x-request-id", value: exchange.requestID)
        let took = Duration.monotonic - exchange.began
        metrics.note(exchange.context.request.method, exchange.context.template, response.status, took: took)
        log(exchange, response, took: took)
        return response
    }

    private func answer(_ match: Router.Match, _ request: HTTPRequest, _ requestID: String) throws -> RouteAnswer {
        switch match {
        case .found(let route, let parameters):
            return try route.handler(RouteRequest(request: request, requestID: requestID, parameters: parameters))
        case .wrongMethod where request.isMirror, .none where request.isMirror:
            return .ready(MirrorRoutes.unknownURL(request.path))
        case .wrongMethod(_, let allowed):
            let list = allowed.map(\.rawValue).joined(separator: ", ")
            throw RequestError(
                .methodNotAllowed, "method_not_allowed", "This address takes \(list).", headers: ["allow": list])
        case .none:
            throw RequestError.notFound("such address")
        }
    }

    private func problem(_ error: any Error, _ requestID: String) -> RequestError {
        if let problem = RequestError(any: error) { return problem }
        logger.error("a request failed: \(error)", metadata: ["requestId": "\(requestID)"])
        return .internalError
    }

    private func log(_ exchange: Exchange, _ response: HTTPResponse, took: Duration) {
        let level: Logger.Level =
            switch response.status.code {
            // What is unavailable has an entry of its own.
            case 503: .info
            case 500...: .error
            case 400...: .info
            default: .debug
            }
        let context = exchange.context
        let method = context.request.method
        logger.log(
            level: level, "\(method) \(context.template) \(response.status.code)",
            metadata: [
                "requestId": "\(exchange.requestID)", "method": "\(method)", "route": "\(context.template)",
                "status": .stringConvertible(response.status.code), "peer": "\(context.peerText)",
                "milliseconds": .stringConvertible(took / .milliseconds(1)),
            ])
    }
}

/// One request with what is known before the gate checks it.
private struct Exchange {
    let began = Duration.monotonic
    let requestID: String
    let match: Router.Match
    var context: RequestContext

    init(_ request: HTTPRequest, _ router: Router) {
        requestID = RequestID.of(request)
        match = router.match(request.method, request.path)
        context = RequestContext(request: request, template: match.template)
    }
}

extension Router.Match {
    /// The route's template, for limits and the log.
    var template: String {
        switch self {
        case .found(let route, _): route.template
        case .wrongMethod(let template, _): template
        case .none: "unknown"
        }
    }

    /// The methods of a path that exists.
    var allowedMethods: [HTTPMethod]? { if case .wrongMethod(_, let allowed) = self { allowed } else { nil } }
}

/// The id by which a request is found in the log.
enum RequestID {
    /// The client's own `X-Request-Id` if its form is allowed, else a new one.
    static func of(_ request: HTTPRequest) -> String {
        if let own = request.headers.first(name: "x-request-id"), isSane(own) { return own }
        return fresh
    }

    static var fresh: String {
        String(numbers.wrappingAdd(step, ordering: .relaxed).newValue, radix: 16)
    }

    // A random number for each request would cost a system call. The number is no secret, it only must not repeat: an odd
    // step reaches each number once.
    private static let numbers = Atomic(UInt64.random(in: .min ... .max))
    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    private static func isSane(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                let scalar = Unicode.Scalar(byte)
                return switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", ":", "+", "/", "=": true
                default: false
                }
            }
    }
}
