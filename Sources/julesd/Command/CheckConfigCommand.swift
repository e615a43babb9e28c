// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesd check-config`
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Checks the settings and prints those in effect.",
        discussion: """
            Prints every problem to standard error and exits with 78, or prints every key with its value and the place where it \
            was set. Secrets are never printed. Whether a token is required is decided as for a daemon without inherited sockets.
            """)

    @OptionGroup var options: SettingsOptions

    @Flag(help: "For ExecReload=: only prints problems, and ignores keys that a credential may set.")
    var forReload = false

    func run() throws {
        let settings: Settings
        do {
            settings = try forReload ? options.controlLoader().load() : options.verbLoader(inherited: []).load()
        } catch {
            throw report(error)
        }
        if forReload { return }
        for warning in settings.warnings { printError("warning: \(warning)") }
        print(settings.effectiveText)
    }
}

extension Settings {
    /// Every key with its value (secrets hidden), and the place where it was set.
    var effectiveText: String {
        SettingKey.all.map { key in
            if sealed.contains(key.name) {
                return "\(key.name)=[sealed]  (\(SettingPlace.credential(name: key.name.lowercased())))"
            }
            guard let set = provenance[key.name] else {
                let value = key.name == "DATA_DIR" ? dataDirectory : key.defaultText
                return "\(key.name)=\(value)  (\(SettingPlace.builtIn))"
            }
            return "\(key.name)=\(set.shown)  (\(set.place))"
        }.joined(separator: "\n")
    }
}
