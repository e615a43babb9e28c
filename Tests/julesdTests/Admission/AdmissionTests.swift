// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Admission", .timeLimit(.minutes(2)))
struct AdmissionTests {
    @Test(
        "Listed addresses are admitted, loopback if none are listed, and a Unix socket always",
        arguments: [
            ("", "127.0.0.1", true), ("", "::1", true), ("", "::ffff:127.0.0.1", true), ("", "10.0.0.1", false),
            ("", nil, true),
            ("10.0.0.0/8", "10.1.2.3", true), ("10.0.0.0/8", "127.0.0.1", false), ("10.0.0.0/8", nil, true),
        ] as [(String, String?, Bool)])
    func allowlist(networks: String, client: String?, isAdmitted: Bool) {
        let list = Allowlist(networks: AddressList(networks.listItems.compactMap { CIDR($0) }))
        #expect(list.admits(client.flatMap { IPAddress($0) }) == isAdmitted)
    }

    @Test("The current and the previous token are accepted, and without tokens nothing is")
    func token() {
        let both = BearerToken(current: Secret("current"), previous: Secret("previous"))
        #expect(both.accepts("current"))
        #expect(both.accepts("previous"))
        #expect(!both.accepts("curren"))
        #expect(!both.accepts(""))
        #expect(!BearerToken(current: nil, previous: nil).accepts(""))
    }

    @Test(
        "The token is found in an Authorization field",
        arguments: [
            ("Bearer abc", "abc"), ("bearer  abc", "abc"), ("BEARER a.b", "a.b"), ("Basic abc", nil), ("Bearer", nil),
            ("abc", nil), (" Bearer  ", nil), (nil, nil),
        ] as [(String?, String?)])
    func authorization(field: String?, token: String?) {
        #expect(BearerToken.presented(authorization: field) == token)
    }

    @Test(
        "The token is found after the first dot of a subprotocol",
        arguments: [
            (["bearer.a.b=c"], "a.b=c"), (["json, bearer.abc"], "abc"), (["json", "bearer.abc, bearer.def"], "abc"),
            (["bearer"], nil), ([], nil), (["Bearer.abc"], nil),
        ] as [([String], String?)])
    func subprotocol(fields: [String], token: String?) {
        let presented = BearerToken.presented(subprotocols: fields)
        #expect(presented?.token == token)
        #expect(presented?.subprotocol == token.map { "bearer.\($0)" })
    }

    @Test(
        "The daemon's own and listed origins are told apart from others",
        arguments: [
            (nil, "h:3001", .sameOrigin), ("http://h:3001", "h:3001", .sameOrigin),
            ("https://h:3001", "h:3001", .sameOrigin),
            ("https://H", "h", .sameOrigin), ("http://h", "h", .sameOrigin), ("https://h", "h:443", .sameOrigin),
            ("http://h:3002", "h:3001", .refused), ("http://h:3001", "h", .refused), ("http://other", "h", .refused),
            ("null", "h", .refused), ("http://other", nil, .refused), ("http://[::1]:3001", "[::1]:3001", .sameOrigin),
            ("https://ui.example", "h", .allowed(origin: "https://ui.example")), ("http://ui.example", "h", .refused),
            ("https://ui.example:8443", "h", .refused), ("https://ui.example.org", "h", .refused),
            ("chrome-extension://abc", "h", .allowed(origin: "chrome-extension://abc")),
            ("vscode-webview://abc", "h", .allowed(origin: "vscode-webview://abc")),
            ("chrome-extension://abd", "h", .refused), ("moz-extension://abc", "h", .refused),
            ("app://h", "h", .refused), ("app://h", "h:0", .refused),
        ] as [(String?, String?, CrossOrigin.Verdict)])
    func crossOrigin(origin: String?, host: String?, verdict: CrossOrigin.Verdict) {
        let policy = CrossOrigin(
            ["https://ui.example", "chrome-extension://abc", "vscode-webview://abc"].compactMap { WebOrigin($0) })
        #expect(policy.verdict(origin: origin, host: host) == verdict)
    }

    @Test(
        "Only a page loaded over http is refused if a trusted proxy says https",
        arguments: [
            ("http://h", "https", .refused), ("https://h", "https", .sameOrigin), ("http://h", "http", .sameOrigin),
            ("https://h", "http", .sameOrigin), ("http://h", nil, .sameOrigin), (nil, "https", .sameOrigin),
        ] as [(String?, String?, CrossOrigin.Verdict)])
    func forwardedScheme(origin: String?, scheme: String?, verdict: CrossOrigin.Verdict) {
        #expect(CrossOrigin([]).verdict(origin: origin, host: "h", forwardedScheme: scheme) == verdict)
    }

    @Test("The origin is named only to an allowed origin, and caches are always told to separate origins")
    func fields() {
        let allowed = CrossOrigin.answerFields(for: .allowed(origin: "https://ui.example"))
        #expect(allowed.map(\.name) == ["Vary", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"])
        #expect(allowed[1].value == "https://ui.example")
        #expect(CrossOrigin.answerFields(for: .refused).map(\.name) == ["Vary"])
    }

    @Test(
        "Root and members of the daemon's group need no token",
        arguments: [(0, [], true), (7, [42], true), (7, [1, 42], true), (7, [0], false), (7, [], false)]
            as [(UInt32, Set<UInt32>, Bool)])
    func unixPeer(uid: UInt32, gids: Set<UInt32>, isTrusted: Bool) {
        #expect(UnixPeer(group: 42).trusts(PeerCredentials(uid: uid, gids: gids)) == isTrusted)
    }
}
