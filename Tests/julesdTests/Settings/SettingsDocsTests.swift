// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Settings in docs/settings.md and julesd.conf(5)", .timeLimit(.minutes(2)))
struct SettingsDocsTests {
    @Test("Both documents equal the table of settings", arguments: [SettingsPart.page, .manual])
    func isCurrent(part: SettingsPart) throws {
        if ProcessEnvironment.variables()["UPDATE_GOLDEN"] == "1" {
            try FileContents.replace(part.path, with: try #require(part.renewed(try part.stored())))
        }
        let stored = try part.stored()
        #expect(stored == part.renewed(stored), "rewrite it with UPDATE_GOLDEN=1 swift test")
    }
}

/// A part of a document that is generated from the table of settings.
struct SettingsPart: Sendable, CustomTestStringConvertible {
    let name: String
    /// The lines before and after the part.
    let begin: String
    let end: String
    let text: String

    var testDescription: String { name }

    var path: String {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
            .joined(separator: "/") + "/" + name
    }

    /// The present document.
    func stored() throws -> String {
        String(decoding: try #require(try FileContents.read(path)), as: UTF8.self)
    }

    /// The document with the part as it should be; `nil` if the lines around it are missing.
    func renewed(_ document: String) -> String? {
        guard let first = document.firstRange(of: begin + "\n"),
            let last = document[first.upperBound...].firstRange(of: end + "\n")
        else { return nil }
        return document[..<first.upperBound] + text + document[last.lowerBound...]
    }
}

extension SettingsPart {
    /// One table per group.
    static let page = SettingsPart(
        name: "docs/settings.md", begin: "<!-- settings -->", end: "<!-- end of settings -->",
        text: SettingKey.Group.allCases.map { group in
            let rows = SettingKey.all.filter { $0.group == group }.map { key in
                let standard = key.defaultText.isEmpty ? "" : "`\(key.defaultText)`"
                return "| `\(key.name)` | \(standard) | \(key.paragraph) | \(key.accepted) |\n"
            }
            let head = "| key | default | meaning | accepted |\n|---|---|---|---|\n"
            return "\n**\(group.rawValue)**\n\n" + head + rows.joined()
        }.joined() + "\n")

    /// One list per group, in mdoc(7).
    static let manual = SettingsPart(
        name: "docs/man/julesd.conf.5", begin: #".\" settings"#, end: #".\" end of settings"#,
        text: SettingKey.Group.allCases.map { group in
            let items = SettingKey.all.filter { $0.group == group }.map { key in
                let standard = key.defaultText.isEmpty ? "No default.\n" : "Default:\n.Ql \(key.defaultText) .\n"
                return ".It Ev \(key.name)\n" + lines(key.paragraph) + lines("Accepted: \(key.accepted).") + standard
            }
            return ".Ss \(group.rawValue)\n.Bl -tag -width Ds\n" + items.joined() + ".El\n"
        }.joined())

    /// Lines of at most 78 characters. Each sentence starts a new line.
    private static func lines(_ text: String) -> String {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.hasSuffix(".") || line.count + 1 + word.count > 78 {
                lines.append(line)
                line = ""
            }
            // At the start of a line these two characters begin an mdoc request.
            let isRequest = line.isEmpty && (word.hasPrefix(".") || word.hasPrefix("'"))
            line += (line.isEmpty ? "" : " ") + (isRequest ? #"\&"# : "") + word
        }
        return (lines + [line]).map { $0 + "\n" }.joined()
    }
}

extension SettingKey {
    fileprivate var paragraph: String { isReloadable ? meaning : meaning + " Takes a restart." }
}
