// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

@Suite("IP addresses", .timeLimit(.minutes(2)))
struct IPAddressTests {
    @Test(
        "Addresses are parsed and written, and a mapped one is IPv4",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"),
            ("2001:DB8:0:0::1", "2001:db8::1"), ("::ffff:192.0.2.7", "192.0.2.7"), ("::FFFF:c000:207", "192.0.2.7"),
        ])
    func parses(text: String, written: String) throws {
        #expect(try #require(IPAddress(text)).description == written)
    }

    @Test(
        "Any other text is refused",
        arguments: [
            "", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", "fe80::1%eth0", "[::1]", "1.2.3.4\0", "::g", "localhost",
        ])
    func refuses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("Loopback and unspecified addresses are recognised")
    func kinds() {
        let loopback = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]
        #expect(loopback.allSatisfy { IPAddress($0)?.isLoopback == true })
        #expect(["128.0.0.1", "10.0.0.1", "::", "::2", "0.0.0.1"].allSatisfy { IPAddress($0)?.isLoopback == false })
        #expect(["0.0.0.0", "::"].allSatisfy { IPAddress($0)?.isUnspecified == true })
    }

    @Test(
        "A network contains its addresses and no others",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false), ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true), ("::/0", "8.8.8.8", false), ("2001:db8::/33", "2001:db8:7fff::", true),
            ("2001:db8::/33", "2001:db8:8000::", false), ("192.168.1.7/24", "192.168.1.200", true),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true), ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("::1/128", "::1", true),
        ])
    func contains(network: String, address: String, isInside: Bool) throws {
        #expect(try #require(CIDR(network)).contains(#require(IPAddress(address))) == isInside)
    }

    @Test("The bits after the prefix are cleared")
    func hostBits() {
        #expect(CIDR("192.168.1.7/24")?.description == "192.168.1.0/24")
        #expect(CIDR("2001:db8::1/32")?.description == "2001:db8::/32")
    }

    @Test(
        "A text that is no network is refused",
        arguments: [
            "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "::/129", "::ffff:1.2.3.4/95",
            "1.2.3.4/8/9", "10/8",
        ])
    func refusesNetwork(text: String) {
        #expect(CIDR(text) == nil)
    }
}

@Suite("ForwardedFor", .timeLimit(.minutes(2)))
struct ForwardedForTests {
    @Test(
        "The client is the rightmost address that is not a trusted proxy",
        arguments: [
            ("10.0.0.1", [], "10.0.0.1"), ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", ["1.1.1.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"), ("8.8.8.8", ["203.0.113.9"], "8.8.8.8"),
            ("10.0.0.1", ["10.0.0.3,10.0.0.2"], "10.0.0.3"), ("10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"), ("10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
            ("10.0.0.1", ["[2001:db8::7]"], "2001:db8::7"), ("10.0.0.1", ["1.1.1.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", ["1.1.1.1, , 10.0.0.2"], "10.0.0.2"), ("10.0.0.1", ["1.1.1.1, [::1"], "10.0.0.1"),
            ("10.0.0.1", ["203.0.113.9,\u{301}"], "10.0.0.1"), ("10.0.0.1", ["203.0.113.9:x"], "10.0.0.1"),
            ("10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ])
    func client(peer: String, fields: [String], client: String) throws {
        let trusted = AddressList([try #require(CIDR("10.0.0.0/8"))])
        let found = try ForwardedFor.client(peer: #require(IPAddress(peer)), fields: fields, trusted: trusted)
        #expect(found.description == client)
    }

    @Test("A scheme counts only from a trusted proxy")
    func scheme() throws {
        let trusted = AddressList([try #require(CIDR("10.0.0.0/8"))])
        let proxy = try #require(IPAddress("10.0.0.1"))
        let other = try #require(IPAddress("8.8.8.8"))
        #expect(ForwardedFor.scheme(peer: proxy, fields: ["http, HTTPS "], trusted: trusted) == "https")
        #expect(ForwardedFor.scheme(peer: proxy, fields: ["ftp"], trusted: trusted) == nil)
        #expect(ForwardedFor.scheme(peer: other, fields: ["https"], trusted: trusted) == nil)
    }
}

@Suite("URLs", .timeLimit(.minutes(2)))
struct WebURLTests {
    @Test(
        "An origin is written as a browser writes it",
        arguments: [
            ("https://Example.COM/", "https://example.com"), ("http://localhost:5173", "http://localhost:5173"),
            ("https://a.b:443", "https://a.b"), ("http://[::1]:80", "http://[::1]"),
            ("HTTPS://a.b:8443", "https://a.b:8443"),
        ])
    func origins(text: String, origin: String) {
        #expect(WebOrigin(text)?.description == origin)
    }

    @Test(
        "A text that is no origin is refused",
        arguments: [
            "null", "*", "a.b", "https://", "https://a.b/x", "https://a.b?", "https://a.b#", "https://u@a.b",
            "ftp://a.b", "https://a b", "https://a.b:0", "https://a.b:99999", "https://[::g]", "https://é.fr",
        ])
    func noOrigins(text: String) {
        #expect(WebOrigin(text) == nil)
    }

    @Test("Only a real loopback host counts as loopback")
    func loopback() {
        let near = ["http://localhost/x", "http://127.0.0.1:9", "http://[::1]/", "http://127.1.2.3"]
        #expect(near.allSatisfy { WebURL($0)?.isLoopback == true })
        let far = [
            "http://localhost.example.com", "http://127.0.0.1@example.com", "http://127.0.0.1.nip.io", "http://0.0.0.0",
        ]
        #expect(far.allSatisfy { WebURL($0)?.isLoopback == false })
    }
}
