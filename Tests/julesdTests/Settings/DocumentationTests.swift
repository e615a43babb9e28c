// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("etc/julesd.conf", .timeLimit(.minutes(2)))
struct DocumentationTests {
    private static let path =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        .joined(separator: "/") + "/etc/julesd.conf"

    @Test("The file equals the table of settings")
    func isCurrent() throws {
        if ProcessEnvironment.variables()["UPDATE_GOLDEN"] == "1" {
            try FileContents.replace(Self.path, with: SettingsDocumentation.file)
        }
        let stored = try FileContents.read(Self.path).map { String(decoding: $0, as: UTF8.self) }
        #expect(stored == SettingsDocumentation.file, "rewrite it with UPDATE_GOLDEN=1 swift test")
    }

    @Test("The file sets nothing, and every key if its line is uncommented")
    func isValid() throws {
        #expect(EnvironmentFile(Array(SettingsDocumentation.file.utf8)).assignments == [])
        let lines = SettingsDocumentation.file.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 100 })
        let uncommented = lines.filter { $0.hasPrefix("#") && $0.dropFirst().first?.isUppercase == true }.map {
            $0.dropFirst()
        }
        let file = EnvironmentFile(Array(uncommented.joined(separator: "\n").utf8))
        #expect(file.faults == [])
        #expect(file.assignments.map(\.key).sorted() == SettingKey.all.map(\.name).sorted())
    }
}
