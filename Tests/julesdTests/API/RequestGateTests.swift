// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import NIOCore
import NIOHTTP1
import Testing

@testable import julesd

@Suite("The gate of requests", .timeLimit(.minutes(2)))
struct RequestGateTests {
    private static let token = "the-right-token-1"
    private static let bearer: HTTPHeaders = ["authorization": "Bearer \(token)"]
    private static let wrong: HTTPHeaders = ["authorization": "Bearer a-wrong-token"]
    private static let group: UInt32 = 1000

    private static func gate(_ change: (inout Settings) -> Void = { _ in }) -> RequestGate {
        var settings = Settings()
        settings.localToken = Secret(token)
        settings.localTokenPrevious = Secret("the-token-before")
        change(&settings)
        return RequestGate(
            settings: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, group: group)
    }

    private static func tcp(_ address: String) throws -> Peer {
        .tcp(address: try SocketAddress(ipAddress: address, port: 50000))
    }

    private static func context(_ path: String, _ headers: HTTPHeaders, _ peer: Peer) -> RequestContext {
        RequestContext(request: HTTPRequest(method: .GET, target: path, headers: headers, peer: peer), template: path)
    }

    /// `admitted`, or status and code of the refusal.
    private static func outcome(_ gate: RequestGate, _ context: RequestContext) -> String {
        var context = context
        do throws(RequestError) {
            try gate.admit(&context)
            try gate.authenticate(context)
            return "admitted"
        } catch {
            return "\(error.status.code) \(error.code)"
        }
    }

    enum Client: Sendable {
        case tcp(String)
        case unix(uid: UInt32, gids: Set<UInt32>)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let path: String
        let client: Client
        let headers: HTTPHeaders
        let outcome: String
        let settings: @Sendable (inout Settings) -> Void

        init(
            _ name: String, _ path: String, from client: Client = .tcp("127.0.0.1"), with headers: HTTPHeaders = [:],
            _ outcome: String, _ settings: @escaping @Sendable (inout Settings) -> Void = { _ in }
        ) {
            (testDescription, self.path, self.client, self.headers) = (name, path, client, headers)
            (self.outcome, self.settings) = (outcome, settings)
        }
    }

    @Test(
        "Address, origin and token are checked, as far as the path requires it",
        arguments: [
            Row("anybody may ask whether the process lives", "/healthz", from: .tcp("203.0.113.9"), "admitted"),
            Row("a page needs no token", "/", "admitted"),
            Row("a page needs a listed address", "/", from: .tcp("203.0.113.9"), "403 forbidden"),
            Row("a path that only begins like the API is a page's", "/apix", "admitted"),
            Row("the API needs a token", "/api/status", "401 unauthorized"),
            Row("the API takes the token", "/api/status", with: bearer, "admitted"),
            Row(
                "the API takes the token before", "/api/status", with: ["authorization": "Bearer the-token-before"],
                "admitted"),
            Row("the API takes no other token", "/api/status", with: wrong, "401 unauthorized"),
            Row(
                "a token does not make up for the address", "/api/status", from: .tcp("203.0.113.9"), with: bearer,
                "403 forbidden"),
            Row("a listed address", "/api/status", from: .tcp("10.1.2.3"), with: bearer, "admitted") {
                $0.allowlist = AddressList([CIDR("10.0.0.0/8")].compactMap(\.self))
            },
            Row("loopback is not listed if others are", "/api/status", with: bearer, "403 forbidden") {
                $0.allowlist = AddressList([CIDR("10.0.0.0/8")].compactMap(\.self))
            },
            Row(
                "the client behind a trusted proxy counts", "/api/status",
                with: bearer + ["x-forwarded-for": "203.0.113.9"],
                "403 forbidden"
            ) {
                $0.trustedProxies = AddressList([CIDR("127.0.0.1/32")].compactMap(\.self))
            },
            Row(
                "what anybody else says of a client does not", "/api/status",
                with: bearer + ["x-forwarded-for": "203.0.113.9"], "admitted"),
            Row(
                "a WebSocket's token may be a subprotocol", "/ws", with: ["sec-websocket-protocol": "bearer.\(token)"],
                "admitted"),
            Row(
                "a token in a subprotocol is a WebSocket's alone", "/api/status",
                with: ["sec-websocket-protocol": "bearer.\(token)"], "401 unauthorized"),
            Row(
                "a foreign page opens no WebSocket", "/ws",
                with: bearer + ["origin": "http://evil.example", "host": "h"],
                "403 forbidden"),
            Row(
                "a foreign page does not speak to the agents' place", "/mcp",
                with: bearer + ["origin": "http://evil.example", "host": "h"], "403 forbidden"),
            Row(
                "the browser itself keeps the API's answers from a foreign page", "/api/status",
                with: bearer + ["origin": "http://evil.example", "host": "h"], "admitted"),
            Row(
                "a listed page opens a WebSocket", "/ws", with: bearer + ["origin": "https://ui.example", "host": "h"],
                "admitted"
            ) {
                $0.corsOrigins = [WebOrigin("https://ui.example")].compactMap(\.self)
            },
            Row(
                "a tool of the Jules API sends the token as its key", "/v1alpha/sessions",
                with: ["x-goog-api-key": token],
                "admitted"),
            Row("or in the query", "/v1alpha/sessions?key=\(token)", "admitted"),
            Row("a key is the mirror's alone", "/api/status", with: ["x-goog-api-key": token], "401 unauthorized"),
            Row("root needs no token on the socket", "/api/status", from: .unix(uid: 0, gids: []), "admitted"),
            Row("nor does the daemon's group", "/api/status", from: .unix(uid: 7, gids: [group]), "admitted"),
            Row("others do", "/api/status", from: .unix(uid: 7, gids: [7]), "401 unauthorized"),
            Row("and may use it there", "/api/status", from: .unix(uid: 7, gids: [7]), with: bearer, "admitted"),
            Row(
                "without any token set nobody gets in by TCP", "/api/status", with: ["authorization": "Bearer x"],
                "401 unauthorized"
            ) {
                ($0.localToken, $0.localTokenPrevious) = (nil, nil)
            },
        ])
    func rows(row: Row) throws {
        let peer: Peer =
            switch row.client {
            case .tcp(let address): try Self.tcp(address)
            case .unix(let uid, let gids): .unix(PeerCredentials(uid: uid, gids: gids))
            }
        let gate = Self.gate(row.settings)
        let context = Self.context(row.path, row.headers, peer)
        #expect(Self.outcome(gate, context) == row.outcome)
        // A body is read only if the request will be admitted. The origin is checked later.
        if context.area == .api, context.verdict != .refused, row.headers["origin"].isEmpty {
            #expect(gate.expects(context) == (row.outcome == "admitted"))
        }
    }

    @Test("RATE_LIMIT counts the requests in a minute for each client and route")
    func rate() throws {
        let gate = Self.gate { $0.rateLimit = 2 }
        var asked: [String] = []
        for (path, address) in [
            ("/api/a", "127.0.0.1"), ("/api/a", "127.0.0.1"), ("/api/a", "127.0.0.1"), ("/api/b", "127.0.0.1"),
            ("/api/a", "127.0.0.2"),
        ] {
            asked.append(Self.outcome(gate, Self.context(path, Self.bearer, try Self.tcp(address))))
        }
        #expect(asked == ["admitted", "admitted", "429 rate_limited", "admitted", "admitted"])

        var context = Self.context("/api/a", Self.bearer, try Self.tcp("127.0.0.1"))
        let error = #expect(throws: RequestError.self) { try gate.admit(&context) }
        #expect(error?.headers.first(name: "retry-after").flatMap { Int($0) } ?? 0 > 0)
        #expect(context.headers.first(name: "ratelimit") != nil)
    }

    @Test("After too many wrong tokens, no token of the client is accepted")
    func wrongTokens() throws {
        let gate = Self.gate { ($0.wrongTokenLimit, $0.rateLimit) = (2, 0) }
        let (guesser, other) = (try Self.tcp("127.0.0.1"), try Self.tcp("127.0.0.2"))
        for _ in 1...2 {
            #expect(Self.outcome(gate, Self.context("/api/a", Self.wrong, guesser)) == "401 unauthorized")
        }
        #expect(Self.outcome(gate, Self.context("/api/a", Self.bearer, guesser)) == "429 rate_limited")
        #expect(!gate.expects(Self.context("/api/a", Self.bearer, guesser)))
        #expect(Self.outcome(gate, Self.context("/api/a", Self.bearer, other)) == "admitted")
    }

    @Test("New settings apply to the next request")
    func reload() throws {
        let gate = Self.gate()
        let context = Self.context("/api/a", Self.bearer, try Self.tcp("127.0.0.1"))
        #expect(Self.outcome(gate, context) == "admitted")
        var settings = Settings()
        settings.localToken = Secret("another-token-22")
        gate.apply(settings)
        #expect(Self.outcome(gate, context) == "401 unauthorized")
    }
}

private func + (one: HTTPHeaders, other: HTTPHeaders) -> HTTPHeaders {
    var sum = one
    sum.add(contentsOf: other)
    return sum
}
