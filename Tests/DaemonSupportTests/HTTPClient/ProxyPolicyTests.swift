// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

@Suite("ProxyPolicy", .timeLimit(.minutes(1)))
struct ProxyPolicyTests {
    private func usesProxy(_ url: String, exceptions: [String] = []) -> Bool {
        ProxyPolicy(proxy: "http://proxy:3128", exceptions: exceptions.compactMap { ProxyException($0) }).proxy(
            for: url) != nil
    }

    @Test(
        "An https request to another machine goes through the proxy",
        arguments: ["https://a.example/x", "HTTPS://A.example", "https://10.0.0.1:8443/"])
    func far(url: String) {
        #expect(usesProxy(url))
        #expect(ProxyPolicy().proxy(for: url) == nil)
    }

    @Test(
        "Requests over http, to this machine or to an invalid URL do not",
        arguments: [
            "http://a.example/", "https://localhost/", "https://127.3.2.1/", "https://[::1]:8443/", "a.example", "",
        ])
    func near(url: String) {
        #expect(!usesProxy(url))
    }

    @Test(
        "An exception covers its host and all hosts below it, in every form",
        arguments: ["internal", ".internal", "*.internal", "*.Internal", "a.internal:443", "*"])
    func domains(exception: String) {
        #expect(!usesProxy("https://a.internal/", exceptions: [exception]))
        #expect(!usesProxy("https://b.a.internal/", exceptions: ["x.example", exception]))
    }

    @Test(
        "An exception covers no other host",
        arguments: [
            ("internal", "https://notinternal/"), ("*.internal", "https://internal.example/"),
            ("a.internal:8443", "https://a.internal/"), ("10.0.0.0/8", "https://11.0.0.1/"),
            ("10.0.0.1", "https://10.0.0.11/"),
        ])
    func strangers(exception: String, url: String) {
        #expect(usesProxy(url, exceptions: [exception]))
    }

    @Test(
        "An exception can be an address or a network",
        arguments: [
            ("10.0.0.0/8", "https://10.1.2.3/"), ("10.0.0.1", "https://10.0.0.1:8443/"),
            ("2001:db8::/32", "https://[2001:db8::7]/"),
            ("[2001:db8::7]", "https://[2001:db8::7]/"),
        ])
    func networks(exception: String, url: String) {
        #expect(!usesProxy(url, exceptions: [exception]))
    }

    @Test(
        "A text that names no host is not an exception",
        arguments: ["", "*internal", "a.*.b", "..a", "http://a.example", "a b", "a/8", "é", "a:x", "<local>"])
    func noExceptions(text: String) {
        #expect(ProxyException(text) == nil)
    }
}
