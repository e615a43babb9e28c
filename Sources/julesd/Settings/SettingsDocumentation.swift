// SPDX-License-Identifier: Apache-2.0

/// The text of `etc/julesd.conf`: every key, commented out at its default.
enum SettingsDocumentation {
    static let file: String = {
        var text = """
            # Settings of julesd(8), in the syntax of an EnvironmentFile (systemd.exec(5)): KEY=VALUE,
            # comments on lines of their own, quotes around values that need them.
            #
            # These sources take precedence over this file, in this order: command line, environment,
            # credential. A credential is a file that systemd passes (LoadCredential=) and whose name is
            # the key in lower case, or the file that KEY_FILE names. "julesd check-config" prints the
            # settings in effect and the errors.
            #
            # "systemctl reload julesd" applies changes, except for keys with "Takes a restart."

            """
        for group in SettingKey.Group.allCases {
            text += "\n## \(group.rawValue)\n"
            for key in SettingKey.all where key.group == group {
                var paragraph = key.meaning
                if !key.isReloadable { paragraph += " Takes a restart." }
                text += "\n" + comment(paragraph) + comment("Accepted: \(key.accepted).")
                text += "#\(key.name)=\(key.defaultText)\n"
            }
        }
        return text
    }()

    /// `text` as comment lines of at most 100 characters.
    private static func comment(_ text: String) -> String {
        var lines: [String] = []
        var line = "#"
        for word in text.split(separator: " ") {
            if line.count + 1 + word.count > 100 {
                lines.append(line)
                line = "#"
            }
            line += " \(word)"
        }
        return (lines + [line]).map { $0 + "\n" }.joined()
    }
}
