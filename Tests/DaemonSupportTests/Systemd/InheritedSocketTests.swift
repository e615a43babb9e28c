// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import DaemonSupport

@Suite("Inherited sockets", .timeLimit(.minutes(2)))
struct InheritedSocketTests {
    @Test("Sockets are told apart by their family, not by their names")
    func families() throws {
        let path = "/tmp/inherited-\(getpid())-\(UInt64.random(in: .min ... .max))"
        let tcp = try listening(AF_INET)
        let tcp6 = try listening(AF_INET6)
        let unix = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try bindUnix(unix, to: path)
        listen(unix, 1)
        let abstract = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try bindUnix(abstract, to: "@" + path)
        listen(abstract, 1)
        defer {
            for descriptor in [tcp, tcp6, unix, abstract] { close(descriptor) }
            unlink(path)
        }

        let http = try InheritedSocket(descriptor: tcp, name: "http")
        #expect(http.family == .tcp && http.name == "http" && http.descriptor == tcp)
        #expect(try #require(http.address.wholeMatch(of: /127\.0\.0\.1:(\d+)/)).1 != "0")
        let http6 = try InheritedSocket(descriptor: tcp6, name: "unknown")
        #expect(http6.family == .tcp)
        #expect(http6.address.contains(/^\[::1\]:\d+$/))
        let control = try InheritedSocket(descriptor: unix, name: "http")
        #expect(control.family == .unix && control.address == path)
        #expect(try InheritedSocket(descriptor: abstract, name: "x").address == "@" + path)
    }

    @Test("A descriptor that cannot be served is refused with its name and number")
    func refusals() throws {
        let datagram = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        let connected = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let file = open("/dev/null", O_RDONLY)
        defer { for descriptor in [datagram, connected, file] { close(descriptor) } }
        for (descriptor, reason) in [(datagram, "no stream socket"), (connected, "listen"), (file, "no socket")] {
            let fault = #expect(throws: InheritedSocketError.self) {
                try InheritedSocket(descriptor: descriptor, name: "http")
            }
            #expect(fault?.description.contains("descriptor \(descriptor) (“http”)") == true)
            #expect(fault?.description.contains(reason) == true)
        }
    }

    @Test("Sockets are taken in order, each with its name")
    func order() throws {
        let sockets = try (0..<3).map { _ in try listening(AF_INET) }
        // Copies with consecutive numbers, at the end of the table where nothing else is opened.
        let end = Int32(min(sysconf(Int32(_SC_OPEN_MAX)), 65_536))
        let copies = sockets.map { fcntl($0, F_DUPFD, end - 10) }
        defer { for descriptor in sockets + copies { close(descriptor) } }
        try #require(copies == [copies[0], copies[0] + 1, copies[0] + 2])
        let taken = try InheritedSockets.describe(names: ["http", "control", "unknown"], first: copies[0])
        #expect(taken.map(\.descriptor) == copies)
        #expect(taken.map(\.name) == ["http", "control", "unknown"])
        #expect(Set(taken.map(\.address)).count == 3)
    }

    @Test("Without sockets from the service manager the list is empty")
    func none() throws {
        #expect(try InheritedSockets.take().isEmpty)
    }

    private func listening(_ family: Int32) throws -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_addr = in6addr_loopback
        let status = withUnsafeBytes(of: &six) { six in
            withUnsafeBytes(of: &four) { four in
                let bytes = family == AF_INET ? four : six
                return bind(
                    descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
            }
        }
        try #require(status == 0 && listen(descriptor, 1) == 0)
        return descriptor
    }
}
