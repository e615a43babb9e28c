// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Which web pages may use the API and the WebSocket (Fetch Standard, CORS protocol).
struct CrossOrigin: Sendable, Equatable {
    enum Verdict: Sendable, Equatable {
        /// No `Origin`, or the daemon's own origin. The answer needs no CORS fields.
        case sameOrigin
        /// A page of another origin that is listed.
        case allowed(origin: String)
        case refused
    }

    /// The accepted origins, in addition to the daemon's own.
    let origins: Set<WebOrigin>

    init(_ origins: [WebOrigin]) {
        self.origins = Set(origins)
    }

    /// Decides by the `Origin` and `Host` fields of a request.
    ///
    /// The daemon's own origin is the one whose host and port are in `Host`. Its scheme may differ, because a proxy may speak
    /// TLS.
    ///
    /// - Parameter forwardedScheme: the scheme that a trusted proxy reports. If it is https, a page that came over http
    ///   counts as another origin, because it may have been forged on its way.
    /// - Parameter trustsHostNames: whether any name in `Host` counts as the daemon's own. If not, only loopback names and
    ///   addresses do: the owner of a name can make it point here, and a page of that name then has the origin that `Host`
    ///   names (DNS rebinding).
    func verdict(
        origin: String?, host: String?, forwardedScheme: String? = nil, trustsHostNames: Bool = true
    ) -> Verdict {
        guard let origin else { return .sameOrigin }
        guard let page = WebOrigin(origin) else { return .refused }
        if page.isServed, let own = host.flatMap(WebURL.hostAndPort), own.host == page.host,
            own.port == page.port || own.port == nil && page.hasDefaultPort,
            forwardedScheme != "https" || page.scheme == "https", trustsHostNames || page.host.cannotBeRebound
        {
            return .sameOrigin
        }
        return origins.contains(page) ? .allowed(origin: origin) : .refused
    }

    /// The fields that every answer needs, errors included.
    static func answerFields(for verdict: Verdict) -> [(name: String, value: String)] {
        // A cache must not give one origin's answer to another.
        var fields = [(name: "Vary", value: "Origin")]
        if case .allowed(let origin) = verdict {
            fields.append(("Access-Control-Allow-Origin", origin))
            fields.append(("Access-Control-Expose-Headers", "ETag, X-Request-Id, Retry-After, RateLimit"))
        }
        return fields
    }

    /// The additional fields of the answer to a preflight, which is an `OPTIONS` request with
    /// `Access-Control-Request-Method`.
    static func preflightFields(methods: [String]) -> [(name: String, value: String)] {
        [
            ("Access-Control-Allow-Methods", methods.joined(separator: ", ")),
            (
                "Access-Control-Allow-Headers",
                "Authorization, Accept, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, MCP-Protocol-Version, Mcp-Method, Mcp-Name, X-Goog-Api-Key, X-Request-Id"
            ),
            ("Access-Control-Max-Age", "600"),
        ]
    }
}

extension WebOrigin {
    fileprivate var hasDefaultPort: Bool { port == (scheme == "https" ? 443 : 80) }
}

extension String {
    /// Whether a host is an address or a name that always means this machine (RFC 6761 §6.3).
    fileprivate var cannotBeRebound: Bool {
        let name = lowercased()
        return name == "localhost" || name.hasSuffix(".localhost")
            || IPAddress(name.hasPrefix("[") ? String(name.dropFirst().dropLast()) : name) != nil
    }
}
