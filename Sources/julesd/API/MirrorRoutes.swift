// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOHTTP1

/// The Jules API over HTTP, at `/v1alpha`.
struct MirrorRoutes: Sendable {
    let mirror: Mirror
    /// Whether MIRROR is set.
    let isOn: @Sendable () -> Bool

    var routes: [Route] {
        Self.methods.map { Route($0.method, APIRoute.root + $0.path, answer) }
            + [Route(.GET, APIRoute.root + "/sources/{name}", takesRest: true, answer)]
    }

    // Verbs come first, because `{id}` alone would match a verb as part of the id.
    private static let methods: [(method: HTTPMethod, path: String)] = [
        (.GET, "/sessions"), (.POST, "/sessions"),
        (.POST, "/sessions/{id}:approvePlan"), (.POST, "/sessions/{id}:sendMessage"),
        (.POST, "/sessions/{id}:archive"), (.POST, "/sessions/{id}:unarchive"),
        (.GET, "/sessions/{id}"), (.DELETE, "/sessions/{id}"),
        (.GET, "/sessions/{id}/activities"), (.GET, "/sessions/{id}/activities/{activity}"),
        (.GET, "/sources"),
    ]

    @Sendable private func answer(_ request: RouteRequest) async throws -> HTTPResponse {
        let http = request.request
        let method = http.method == .HEAD ? HTTPMethod.GET : http.method
        guard isOn(), let route = APIRoute(method: method.rawValue, path: http.path) else {
            return Self.unknownURL(http.path)
        }
        let call = APIRequest(
            method: method.rawValue, path: http.path, query: http.query.pairs.map { ($0.name, $0.value) },
            body: http.body)
        let asker = Mirror.Asker(
            token: sha256((RequestContext(request: http, template: "").presentedToken ?? "").utf8),
            wantsFresh: http.headers["cache-control"].flatMap(\.listItems).contains { $0.lowercased() == "no-cache" },
            presence: http.presence)
        return .json(.ok, try await mirror.answer(route, call, from: asker))
    }

    /// The answer of Google's front end to a URL of no method.
    static func unknownURL(_ path: String) -> HTTPResponse {
        HTTPResponse(
            status: .notFound, headers: ["content-type": FrontEndPage.contentType],
            body: .bytes(FrontEndPage(unknownURL: path).bytes))
    }

    /// An error in Google's form.
    static func response(to error: APIError) -> HTTPResponse {
        var response = HTTPResponse.json(HTTPResponseStatus(statusCode: error.code), error.json.bytes)
        if let seconds = error.retrySeconds { response.headers.add(name: "retry-after", value: String(seconds)) }
        return response
    }
}

extension APIError {
    /// An error of the gate or of the server, in the form for a tool.
    ///
    /// - Parameters:
    ///   - operation: the method that the tool called; `nil` if its URL belongs to no method.
    ///   - keyGiven: whether the request had a key.
    init(_ problem: RequestError, of operation: JulesAPI.Operation?, keyGiven: Bool) {
        let code = Int(problem.status.code)
        let wait = problem.headers.first(name: "retry-after").flatMap { Int64($0) }.map { Duration.seconds($0) }
        switch problem.status {
        case .unauthorized:
            self = .unauthenticated(operation ?? .listSessions, keyGiven: keyGiven)
            message =
                keyGiven
                ? "The key is not the LOCAL_TOKEN of this julesd."
                : "A key is required: the LOCAL_TOKEN of this julesd, as X-Goog-Api-Key."
        case .tooManyRequests: self = .exhausted(problem.message, retryAfter: wait ?? .seconds(30))
        case .serviceUnavailable: self = .unavailable(problem.message, retryAfter: wait)
        default:
            self.init(code: code, status: Self.canonicalName(of: code), message: problem.message)
        }
    }
}
