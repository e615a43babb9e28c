// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// The result of a route's handler: the answer, or the work that makes it.
enum RouteAnswer: Sendable {
    case ready(HTTPResponse)
    case pending(@Sendable () async throws -> HTTPResponse)
}

/// One method of one path, with its handler.
struct Route: Sendable {
    /// Runs on the connection's event loop, so it must not block.
    typealias Handler = @Sendable (RouteRequest) throws -> RouteAnswer

    let method: HTTPMethod
    /// The path. `{name}` stands for a segment that varies, or for the part of one before a `:verb`. Limits and metrics count
    /// by this template.
    let template: String
    /// Whether the last segment also stands for all segments after it.
    let takesRest: Bool
    let handler: Handler

    init(_ method: HTTPMethod, _ template: String, takesRest: Bool = false, answer handler: @escaping Handler) {
        self.method = method
        self.template = template
        self.takesRest = takesRest
        self.handler = handler
    }

    /// A route whose answer never waits.
    init(_ method: HTTPMethod, _ template: String, _ handler: @escaping @Sendable (RouteRequest) throws -> HTTPResponse)
    {
        self.init(method, template, answer: { .ready(try handler($0)) })
    }

    /// A route that may have to wait for its answer.
    init(
        _ method: HTTPMethod, _ template: String, takesRest: Bool = false,
        _ handler: @escaping @Sendable (RouteRequest) async throws -> HTTPResponse
    ) {
        self.init(
            method, template, takesRest: takesRest, answer: { request in .pending { try await handler(request) } })
    }
}

/// A request with its route.
struct RouteRequest: Sendable {
    let request: HTTPRequest
    let requestID: String
    let parameters: [String: String]

    /// The session in the path.
    var sessionID: String { parameters["id"] ?? "" }
}

/// Finds the route of a path.
struct Router: Sendable {
    enum Match {
        case found(Route, parameters: [String: String])
        case wrongMethod(template: String, allowed: [HTTPMethod])
        case none
    }

    /// The routes of fixed paths, by path.
    private let fixed: [String: [Route]]
    private let patterns: [(segments: [String], route: Route)]

    init(_ routes: [Route]) {
        fixed = Dictionary(grouping: routes.filter { !$0.template.contains("{") }, by: \.template)
        patterns = routes.filter { $0.template.contains("{") }.map { (Self.segments($0.template), $0) }
    }

    func match(_ method: HTTPMethod, _ path: String) -> Match {
        // A fixed path takes precedence over one that varies: /api/sessions/bulk is not the session "bulk".
        if let routes = fixed[path] { return choose(method, of: routes.map { (route: $0, parameters: [:]) }) }
        // Without the slash the first segment would not be read, and a path outside /api could lead into it.
        guard path.hasPrefix("/") else { return .none }
        let segments = Self.segments(path)
        let matching = patterns.compactMap { pattern, route in
            Self.parameters(pattern, takesRest: route.takesRest, segments).map { (route: route, parameters: $0) }
        }
        let template = matching.min { $0.parameters.count < $1.parameters.count }?.route.template
        return choose(method, of: matching.filter { $0.route.template == template })
    }

    private func choose(
        _ method: HTTPMethod, of matching: [(route: Route, parameters: [String: String])]
    ) -> Match {
        guard let template = matching.first?.route.template else { return .none }
        let match = matching.first {
            $0.route.method == method || method == .HEAD && $0.route.method == .GET
        }
        if let match { return .found(match.route, parameters: match.parameters) }
        return .wrongMethod(template: template, allowed: matching.map(\.route.method))
    }

    private static func segments(_ path: String) -> [String] {
        path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
    }

    private static func parameters(
        _ pattern: [String], takesRest: Bool, _ segments: [String]
    ) -> [String: String]? {
        guard pattern.count == segments.count || takesRest && pattern.count < segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (part, segment) in zip(pattern, segments) {
            if part.hasPrefix("{") {
                guard let (name, value) = parameter(part, segment) else { return nil }
                parameters[name] = value
            } else if part != segment {
                return nil
            }
        }
        return parameters
    }

    private static func parameter(_ part: String, _ segment: String) -> (name: String, value: String)? {
        let pieces = part.dropFirst().split(separator: "}", maxSplits: 1, omittingEmptySubsequences: false)
        let verb = pieces.count > 1 ? pieces[1] : ""
        guard segment.hasSuffix(verb), let value = String(segment.dropLast(verb.count)).percentDecoded, !value.isEmpty
        else { return nil }
        return (String(pieces[0]), value)
    }
}
