// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Testing

@testable import DaemonSupport

@Suite("LogDestination", .timeLimit(.minutes(2)))
struct LogDestinationTests {
    @Test("Each record is one line in one write")
    func oneWrite() throws {
        // A datagram socket keeps the boundaries between writes.
        var ends: [Int32] = [0, 0]
        socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &ends)
        defer { for end in ends { close(end) } }
        let logger = destination(ends[1]).logger("test")
        logger.info("one", metadata: ["x": "a\nb"])
        logger.event(started, level: .warning, "two")
        var bytes = [UInt8](repeating: 0, count: 4096)
        for expected in ["one", "server_started"] {
            let count = recv(ends[0], &bytes, bytes.count, 0)
            let line = String(decoding: bytes[..<count], as: UTF8.self)
            #expect(line.hasSuffix("}\n") && line.contains(#""msg":"\#(expected)""#))
            #expect(line.utf8.filter { $0 == 0x0A }.count == 1)
        }
    }

    @Test("A new level applies to all loggers at once, except to one with its own level")
    func levels() {
        let pipe = Pipe()
        let destination = destination(pipe.writer)
        let first = destination.logger("first")
        var second = destination.logger("second")
        first.debug("unseen")
        destination.level = .debug
        first.debug("seen")
        #expect(pipe.read().contains(#""msg":"seen""#))
        second.logLevel = .error
        second.event(started, "unseen")
        first.debug("after")
        let text = pipe.read()
        #expect(!text.contains("unseen") && text.contains("after"))
        #expect(destination.level == .debug && first.logLevel == .debug && second.logLevel == .error)
    }

    @Test("A logger's metadata is in its records and in those of its copies, but in no others")
    func metadata() {
        let pipe = Pipe()
        let plain = destination(pipe.writer).logger("test")
        var named = plain
        named[metadataKey: "requestId"] = "r1"
        named.info("x", metadata: ["port": .stringConvertible(1)])
        #expect(pipe.read().hasSuffix(#""msg":"x","port":1,"requestId":"r1"}"# + "\n"))
        plain.info("y")
        #expect(pipe.read().hasSuffix(#""msg":"y"}"# + "\n"))
    }

    @Test("A program whose log cannot be written goes on")
    func noReader() {
        let logger = destination(-1).logger("test")
        logger.info("into the void")
    }

    @Test(
        "The format follows from standard error and the descriptor",
        arguments: [
            (LogFormat.auto, true, true, LogFormat.journal), (.auto, false, true, .text), (.auto, false, false, .json),
            (.json, true, true, .json), (.text, true, false, .text), (.journal, false, true, .journal),
        ])
    func format(wanted: LogFormat, journal: Bool, terminal: Bool, format: LogFormat) {
        #expect(wanted.resolved(journal: journal, terminal: terminal) == format)
    }

    private func destination(_ descriptor: Int32) -> LogDestination {
        LogDestination(
            identifier: "test", format: .json, level: .info, fields: LogFields(prefix: "TEST"), descriptor: descriptor)
    }
}
