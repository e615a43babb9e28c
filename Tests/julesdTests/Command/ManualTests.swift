// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport
import Testing

@testable import julesd

@Suite("julesd(8)", .timeLimit(.minutes(2)))
struct ManualTests {
    private func manual() throws -> String {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        let path = (root + ["docs", "man", "julesd.8"]).joined(separator: "/")
        return String(decoding: try #require(try FileContents.read(path)), as: UTF8.self)
    }

    private var verbs: [any ParsableCommand.Type] { JulesdCommand.configuration.subcommands }

    @Test("The manual explains every verb, and no other")
    func explainsVerbs() throws {
        let list = try #require(try manual().split(separator: ".It Fl -config").first)
        let listed = Set(list.matches(of: /\n\.It Cm ([a-z-]+)/).map { String($0.1) })
        #expect(listed == Set(verbs.map { $0.configuration.commandName ?? "" }))
    }

    @Test("The manual explains every option, and no other")
    func explainsOptions() throws {
        let all = verbs.flatMap { [$0] + $0.configuration.subcommands }
        let help = all.map { JulesdCommand.helpMessage(for: $0) }.joined()
        let known = Set(help.matches(of: /--([a-z][a-z-]+)/).map { String($0.1) })
        let listed = Set(try manual().matches(of: /Fl -([a-z][a-z-]+)/).map { String($0.1) })
        #expect(listed == known)
    }

    @Test("The manual lists every exit status, and no other")
    func tellsStatuses() throws {
        let part = try #require(try manual().split(separator: ".Sh EXIT STATUS").last?.split(separator: ".Sh").first)
        let listed = part.matches(of: /\n\.It ([0-9]+)/).compactMap { Int32($0.1) }
        #expect(listed == ExitStatus.allCases.map(\.rawValue))
    }
}
