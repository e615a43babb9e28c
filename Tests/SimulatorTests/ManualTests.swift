// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport
import Testing

@testable import jules_simulator

@Suite("jules-simulator(1)", .timeLimit(.minutes(2)))
struct ManualTests {
    @Test("The manual explains every option, and no other")
    func explainsOptions() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        let path = (root + ["docs", "man", "jules-simulator.1"]).joined(separator: "/")
        let manual = String(decoding: try #require(try FileContents.read(path)), as: UTF8.self)
        let listed = Set(manual.matches(of: /\n\.It Fl (?:h , Fl )?-([a-z]+)/).map { String($0.1) })
        let known = Set(Main.helpMessage().matches(of: /\n  (?:-h, )?--([a-z]+)/).map { String($0.1) })
        #expect(listed == known)
    }
}
