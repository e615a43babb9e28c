// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import NIOHTTP1

/// Answers every request: finds its route, decides whether it may come in, and turns whatever goes wrong into an answer.
struct API: Sendable {
    private let router: Router
    private let entrance: Entrance
    private let metrics: Metrics
    private let logger: Logger

    init(routes: [Route], entrance: Entrance, metrics: Metrics = Metrics(), logger: Logger) {
        router = Router(routes)
        self.entrance = entrance
        self.metrics = metrics
        self.logger = logger
    }

    /// The answer to what the server refused before it was a request.
    @Sendable static func refusal(
        _ status: HTTPResponseStatus, _ code: String, _ message: String
    ) -> HTTPResponse {
        let requestID = RequestID.fresh()
        var response = Problem(status, code, message).response(requestID: requestID)
        response.headers.add(name: "x-request-id", value: requestID)
        return response
    }

    /// The answer to `request`, whatever happens.
    @Sendable func respond(to request: HTTPRequest) async -> HTTPResponse {
        let began = Duration.monotonic
        let requestID = RequestID.of(request)
        let match = router.match(request.method, request.path)
        var visit = Visit(request: request, template: match.template)
        var response: HTTPResponse
        do {
            try entrance.admit(&visit)
            if visit.isPreflight, let allowed = match.allowedMethods {
                response = HTTPResponse(status: .noContent, headers: visit.preflightHeaders(allowing: allowed))
            } else {
                try entrance.authenticate(visit)
                response = try await answer(match, request, requestID)
            }
        } catch {
            let problem = problem(error, requestID)
            if problem.code == Problem.rateLimitedCode { metrics.noteRateLimited() }
            response = problem.response(requestID: requestID)
        }
        response.headers.add(contentsOf: visit.headers)
        response.headers.replaceOrAdd(name: "x-request-id", value: requestID)
        let took = Duration.monotonic - began
        metrics.note(request.method, visit.template, response.status, took: took)
        log(request, response, visit, requestID, took: took)
        return response
    }

    private func answer(_ match: Router.Match, _ request: HTTPRequest, _ requestID: String) async throws -> HTTPResponse
    {
        switch match {
        case .found(let route, let parameters):
            return try await route.handler(RouteRequest(request: request, requestID: requestID, parameters: parameters))
        case .wrongMethod(_, let allowed):
            let list = allowed.map(\.rawValue).joined(separator: ", ")
            throw Problem(
                .methodNotAllowed, "method_not_allowed", "This address takes \(list).", headers: ["allow": list])
        case .none:
            throw Problem.notFound("such address")
        }
    }

    private func problem(_ error: any Error, _ requestID: String) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let error as UpstreamError: return Problem(error)
        default:
            logger.error("a request failed: \(error)", metadata: ["requestId": "\(requestID)"])
            return Problem(.internalServerError, "internal_error", "The daemon failed; its log tells more.")
        }
    }

    private func log(
        _ request: HTTPRequest, _ response: HTTPResponse, _ visit: Visit, _ requestID: String, took: Duration
    ) {
        let level: Logger.Level =
            switch response.status.code {
            case 500...: .error
            case 400...: .info
            default: .debug
            }
        logger.log(
            level: level, "\(request.method) \(visit.template) \(response.status.code)",
            metadata: [
                "requestId": "\(requestID)", "method": "\(request.method)", "route": "\(visit.template)",
                "status": .stringConvertible(response.status.code), "peer": "\(visit.peerText)",
                "milliseconds": .stringConvertible(took / .milliseconds(1)),
            ])
    }
}

extension Router.Match {
    /// What limits and the log call the place.
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

/// The name under which one request is found again in the log.
enum RequestID {
    /// The client's own `X-Request-Id` where it is sane, else a fresh one.
    static func of(_ request: HTTPRequest) -> String {
        if let own = request.headers.first(name: "x-request-id"), isSane(own) { return own }
        return fresh()
    }

    static func fresh() -> String { String(UInt64.random(in: .min ... .max), radix: 16) }

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
