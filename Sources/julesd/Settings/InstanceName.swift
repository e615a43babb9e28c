// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The name of a daemon among those that share a store.
enum InstanceName {
    private static let longest = 63

    /// Host and process, such as `db1:4711`.
    static let standard: String = {
        let process = ":\(ProcessEnvironment.processID)"
        let host = ProcessEnvironment.hostName.map { isLetter($0) ? $0 : "-" }
        return String(host.prefix(longest - process.utf8.count)) + process
    }()

    /// Whether `text` may be a name. It appears in the name of a connection, which PostgreSQL cuts at 63 bytes.
    static func isName(_ text: String) -> Bool { text.utf8.count <= longest && text.allSatisfy(isLetter) }

    private static func isLetter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || ".-_:".contains(character))
    }
}

extension SettingForm where Value == String {
    static let instance = SettingForm("1 to 63 ASCII letters, digits, dots, hyphens, underscores and colons") {
        text, _ throws(SettingValueError) in
        guard InstanceName.isName(text) else { throw SettingValueError(reason: "is no name of an instance") }
        return text
    }
}
