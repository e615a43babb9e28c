// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// The options that every verb has.
struct SettingsOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The settings file.", valueName: "file"))
    var config: String?

    @Option(name: .long, help: ArgumentHelp("Sets PORT.", valueName: "port"))
    var port: String?

    @Option(name: .long, help: ArgumentHelp("Sets HOST.", valueName: "address"))
    var host: String?

    @Option(name: .long, help: ArgumentHelp("Sets DATA_DIR.", valueName: "directory"))
    var dataDir: String?

    @Option(name: .long, help: ArgumentHelp("Sets LOG_LEVEL.", valueName: "level"))
    var logLevel: String?

    @Option(name: .long, help: ArgumentHelp("Sets LOG_FORMAT.", valueName: "format"))
    var logFormat: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("Sets any key that is no secret.", valueName: "KEY=VALUE"))
    var overrides: [String] = []

    /// The directory that StateDirectory= in the package's unit names.
    private static let stateDirectory = "/var/lib/julesd"

    func validate() throws {
        for override in overrides {
            guard let equals = override.firstIndex(of: "="), equals != override.startIndex else {
                throw ValidationError("--set takes KEY=VALUE.")
            }
            let name = String(override[..<equals])
            if let key = SettingKey.named(name), key.isSecret {
                // The value is not quoted, because too many people can already see it.
                throw ValidationError(
                    """
                    --set \(name): every user of the machine can read a command line, so it takes no secrets. Set \(name)_FILE \
                    to the path of a file that holds it, or put it into the settings file or a credential.
                    """)
            }
        }
    }

    /// The settings from the command line. If a key is set twice, `--set` wins over an option.
    var settings: [SettingSources.Override] {
        let named = [
            ("PORT", port), ("HOST", host), ("DATA_DIR", dataDir), ("LOG_LEVEL", logLevel), ("LOG_FORMAT", logFormat),
        ].compactMap { key, value in value.map { SettingSources.Override(key: key, value: $0) } }
        return named
            + overrides.map { override in
                let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return .init(key: String(parts[0]), value: String(parts[1]))
            }
    }

    /// The loader of the daemon itself: everything comes from its service manager.
    func daemonLoader(inherited: [InheritedListener]) -> SettingsLoader {
        var loader = loader()
        loader.inherited = inherited
        return loader
    }

    /// The loader of a verb that a person runs. If root runs it, it finds what the package's service would get: credentials
    /// and the state directory.
    func verbLoader(inherited: [InheritedListener]? = nil) -> SettingsLoader {
        var loader = loader()
        loader.inherited = inherited
        if loader.credentialsDirectory == nil, config == nil, ProcessEnvironment.isRoot {
            loader.credentialsDirectory = "/etc/julesd/credentials"
            loader.sealedDirectory = "/etc/julesd/credentials.encrypted"
        }
        if loader.environment["STATE_DIRECTORY"] == nil, config == nil, ProcessEnvironment.isRoot,
            FileSystem.exists(Self.stateDirectory)
        {
            loader.environment["STATE_DIRECTORY"] = Self.stateDirectory
        }
        return loader
    }

    /// The loader of a verb that the service manager runs beside the daemon, without the daemon's credentials.
    func controlLoader() -> SettingsLoader {
        var loader = loader().forReload
        loader.inherited = []
        loader.credentialsDirectory = nil
        loader.credentialsAreHidden = true
        return loader
    }

    /// The loader of a verb that sets up the service, which will get `key`. It ignores the environment of the person who runs
    /// the verb, because the service does not have it.
    func setupLoader(key: Secret) -> SettingsLoader {
        var loader = storeLoader(key: key)
        loader.environment = [:]
        return loader
    }

    /// The loader of a verb about the store, which needs no key.
    func storeLoader(key: Secret = Secret("none")) -> SettingsLoader {
        var loader = verbLoader()
        loader.arguments.append(.init(key: "JULES_API_KEY", value: key.reveal()))
        return loader
    }

    private func loader() -> SettingsLoader {
        let environment = ProcessEnvironment.variables()
        return SettingsLoader(
            arguments: settings, environment: environment,
            credentialsDirectory: environment["CREDENTIALS_DIRECTORY"], configPath: config)
    }
}
