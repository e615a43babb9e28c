// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// One method of one path, with its handler.
struct Route: Sendable {
    typealias Handler = @Sendable (RouteRequest) async throws -> HTTPResponse

    let method: HTTPMethod
    /// The path. `{name}` stands for a segment that varies, or for the part of one before a `:verb`. Limits and metrics count
    /// by this template.
    let template: String
    /// Whether the last segment also stands for all segments after it.
    let takesRest: Bool
    let handler: Handler

    init(_ method: HTTPMethod, _ template: String, takesRest: Bool = false, _ handler: @escaping Handler) {
        self.method = method
        self.template = template
        self.takesRest = takesRest
        self.handler = handler
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

    private let routes: [(segments: [String], route: Route)]

    init(_ routes: [Route]) {
        self.routes = routes.map { (Self.segments($0.template), $0) }
    }

    func match(_ method: HTTPMethod, _ path: String) -> Match {
        // Without the slash the first segment would not be read, and a path outside /api could lead into it.
        guard path.hasPrefix("/") else { return .none }
        let segments = Self.segments(path)
        let matching = routes.compactMap { pattern, route in
            Self.parameters(pattern, takesRest: route.takesRest, segments).map { (route: route, parameters: $0) }
        }
        // A fixed path takes precedence over one that varies: /api/sessions/bulk is not the session "bulk".
        guard let template = matching.min(by: { $0.parameters.count < $1.parameters.count })?.route.template else {
            return .none
        }
        var allowed: [HTTPMethod] = []
        for (route, parameters) in matching where route.template == template {
            if route.method == method || (method == .HEAD && route.method == .GET) {
                return .found(route, parameters: parameters)
            }
            allowed.append(route.method)
        }
        return .wrongMethod(template: template, allowed: allowed)
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
