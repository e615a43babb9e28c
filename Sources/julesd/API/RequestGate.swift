// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Decides which requests are admitted, in this order: address, rate, origin of the page, token. It uses the settings in
/// force at each request.
final class RequestGate: Sendable {
    private let policy: Mutex<Policy>
    private let logger: Logger
    private let limiter = Mutex(RateLimiter(origin: .now))
    private let guesses = Mutex(WrongTokenLimiter(origin: .now))
    private let warnedOfForwarding = Atomic(false)
    private let unixPeer: UnixPeer

    init(settings: Settings, logger: Logger, group: UInt32 = getegid()) {
        policy = Mutex(Policy(settings))
        self.logger = logger
        unixPeer = UnixPeer(group: group)
    }

    /// Uses these settings from the next request on.
    func apply(_ settings: Settings) {
        let new = Policy(settings)
        policy.withLock { $0 = new }
    }

    /// Checks address, rate and origin, and collects the header fields for every answer to this request.
    ///
    /// - Throws: `RequestError` 403 `forbidden` or 429 `rate_limited`.
    func admit(_ context: inout RequestContext) throws(RequestError) {
        guard context.area != .open else { return }
        let policy = policy.withLock { $0 }
        context.client = client(of: context.request, trusting: policy.trustedProxies)
        if context.area == .api {
            context.verdict = policy.origins.verdict(
                origin: context.request.headers.first(name: "origin"),
                host: context.request.headers.first(name: "host"),
                forwardedScheme: scheme(of: context.request, trusting: policy.trustedProxies),
                trustsHostNames: !context.isMCP)
            for field in CrossOrigin.answerFields(for: context.verdict) {
                context.headers.add(name: field.name, value: field.value)
            }
        }
        guard policy.allowlist.admits(context.client) else {
            throw RequestError(.forbidden, "forbidden", "This address is not in ALLOWLIST.")
        }
        if context.area == .api { try limit(&context, to: policy.rateLimit) }
        if context.isWebSocket || context.isMCP, context.verdict == .refused {
            throw RequestError(.forbidden, "forbidden", "Pages of this origin may not connect: see CORS_ORIGIN.")
        }
    }

    /// Checks the token. If a client has presented too many wrong tokens, it checks none.
    ///
    /// - Throws: `RequestError` 401 `unauthorized` or 429 `rate_limited`.
    func authenticate(_ context: RequestContext) throws(RequestError) {
        guard context.area == .api, !isTrustedPeer(context) else { return }
        let policy = policy.withLock { $0 }
        guard let presented = context.presentedToken else { throw .unauthorized("A bearer token is required.") }
        if let seconds = lockedSeconds(context, policy) {
            throw RequestError(
                .tooManyRequests, RequestError.rateLimitedCode,
                "Too many wrong tokens came from this address; see Retry-After.",
                headers: ["retry-after": String(seconds)])
        }
        guard policy.bearerToken.accepts(presented) else {
            noteGuess(context, policy)
            throw .unauthorized("The bearer token is not the right one.")
        }
    }

    /// Whether a request, of which only the head is known, will be admitted if the rate allows it. Counts nothing.
    func expects(_ context: RequestContext) -> Bool {
        guard context.area == .api else { return false }
        let policy = policy.withLock { $0 }
        var context = context
        context.client = client(of: context.request, trusting: policy.trustedProxies)
        guard policy.allowlist.admits(context.client) else { return false }
        if isTrustedPeer(context) { return true }
        guard let presented = context.presentedToken, lockedSeconds(context, policy) == nil else { return false }
        return policy.bearerToken.accepts(presented)
    }

    private func isTrustedPeer(_ context: RequestContext) -> Bool {
        if case .unix(let credentials) = context.request.peer { unixPeer.trusts(credentials) } else { false }
    }

    private func lockedSeconds(_ context: RequestContext, _ policy: Policy) -> Int? {
        guard policy.wrongTokenLimit > 0, let client = context.client else { return nil }
        return guesses.withLock { $0.lockedSeconds(client: client, limit: policy.wrongTokenLimit, at: .now) }
    }

    private func noteGuess(_ context: RequestContext, _ policy: Policy) {
        let limit = policy.wrongTokenLimit > 0 ? policy.wrongTokenLimit : .max
        guard let client = context.client,
            let count = guesses.withLock({ $0.note(client: client, limit: limit, at: .now) })
        else { return }
        logger.event(
            .tokenGuessing, level: .warning,
            "\(client) has presented \(count) wrong tokens within a minute",
            metadata: ["peer": "\(client)"])
    }

    private func limit(_ context: inout RequestContext, to limit: Int) throws(RequestError) {
        guard limit > 0, let client = context.client else { return }
        let route = MCPRoutes.label(context.request).map { "\(context.template) \($0)" } ?? context.template
        let verdict = limiter.withLock { $0.admit(client: client, route: route, limit: limit, at: .now) }
        context.headers.add(name: "ratelimit-policy", value: verdict.policyField(route: route))
        context.headers.add(name: "ratelimit", value: verdict.stateField(route: route))
        guard verdict.isAdmitted else {
            throw RequestError(
                .tooManyRequests, RequestError.rateLimitedCode,
                "More than \(limit) requests a minute; see Retry-After.",
                headers: ["retry-after": String(verdict.resetSeconds)])
        }
    }

    /// The address that counts as the client's; `nil` on a Unix socket.
    private func client(of request: HTTPRequest, trusting proxies: AddressList) -> IPAddress? {
        guard case .tcp(let address) = request.peer, let peer = IPAddress(address) else { return nil }
        warnOfForwarding(by: peer, request, trusting: proxies)
        return ForwardedFor.client(peer: peer, fields: request.headers["x-forwarded-for"], trusted: proxies)
    }

    /// The scheme that the client used, if a trusted proxy reports it.
    private func scheme(of request: HTTPRequest, trusting proxies: AddressList) -> String? {
        guard case .tcp(let address) = request.peer, let peer = IPAddress(address) else { return nil }
        return ForwardedFor.scheme(peer: peer, fields: request.headers["x-forwarded-proto"], trusted: proxies)
    }

    private func warnOfForwarding(by peer: IPAddress, _ request: HTTPRequest, trusting proxies: AddressList) {
        let present = ["X-Forwarded-For", "X-Forwarded-Proto"].first { request.headers.contains(name: $0) }
        guard let present, !proxies.contains(peer), !warnedOfForwarding.exchange(true, ordering: .relaxed) else {
            return
        }
        logger.event(
            .untrustedForwardedHeader, level: .warning,
            "\(peer) sends \(present) but is not in TRUSTED_PROXIES: the header is ignored")
    }
}

/// The settings that the gate uses. It is an object, so that a request copies one reference.
private final class Policy: Sendable {
    let trustedProxies: AddressList
    let origins: CrossOrigin
    let allowlist: Allowlist
    let rateLimit: Int
    let wrongTokenLimit: Int
    let bearerToken: BearerToken

    init(_ settings: Settings) {
        trustedProxies = settings.trustedProxies
        origins = CrossOrigin(settings.corsOrigins)
        allowlist = Allowlist(networks: settings.allowlist)
        rateLimit = settings.rateLimit
        wrongTokenLimit = settings.wrongTokenLimit
        bearerToken = BearerToken(current: settings.localToken, previous: settings.localTokenPrevious)
    }
}

extension RequestError {
    fileprivate static func unauthorized(_ message: String) -> RequestError {
        RequestError(.unauthorized, "unauthorized", message, headers: ["www-authenticate": "Bearer"])
    }
}
