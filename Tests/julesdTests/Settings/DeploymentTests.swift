// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("docker-compose.yml and docs/operations.md", .timeLimit(.minutes(2)))
struct DeploymentTests {
    private static func text(of name: String) throws -> String {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        return String(decoding: try #require(try FileContents.read("\(root)/\(name)")), as: UTF8.self)
    }

    /// Settings with values from the image or the compose file.
    private static let decided: Set = ["PORT", "HOST", "UNIX_SOCKET", "DATA_DIR", "LOG_FORMAT"]

    @Test("The service backend gets every setting except those of the image")
    func backendHasEverySetting() throws {
        let compose = try Self.text(of: "docker-compose.yml")
        let backend = try #require(compose.split(separator: "\n  data:\n").first)
        for key in SettingKey.all.map(\.name) where !Self.decided.contains(key) {
            #expect(
                backend.contains("\n      \(key): ") && backend.contains("${\(key):-"),
                "the environment of backend lacks \(key): ${\(key):-}")
        }
    }

    @Test("Every secret in the compose file is the credential of a key")
    func secretsAreCredentials() throws {
        let compose = try Self.text(of: "docker-compose.yml")
        let secrets = try #require(compose.split(separator: "\nsecrets:\n").last).split(separator: "\n")
            .filter { $0.hasSuffix(":") }.map { $0.dropLast().trimmingPrefix("  ").uppercased() }
        #expect(!secrets.isEmpty)
        for name in secrets { #expect(SettingKey.named(name)?.isSecret == true, "\(name) is no secret key") }
    }

    @Test("The guide names only existing settings")
    func guideNamesRealSettings() throws {
        let guide = try Self.text(of: "docs/operations.md")
        let compose = try Self.text(of: "docker-compose.yml")
        let named = Set(guide.matches(of: /`([A-Z][A-Z0-9_]*)[`=]/).map { String($0.1) })
        #expect(named.count > 20)
        let keys = Set(SettingKey.all.map(\.name))
        for name in named where !compose.contains("${\(name):-") {
            let key = name.hasSuffix("_FILE") && !keys.contains(name) ? String(name.dropLast(5)) : name
            #expect(keys.contains(key), "docs/operations.md: there is no \(name)")
        }
    }
}
