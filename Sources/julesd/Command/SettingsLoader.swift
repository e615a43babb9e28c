// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Reads the settings, at the start and at every reload, from the same command line and environment.
struct SettingsLoader: Sendable {
    var arguments: [SettingSources.Override] = []
    var environment: [String: String] = [:]
    var credentialsDirectory: String?
    var sealedDirectory: String?
    var credentialsAreHidden = false
    /// `nil` means the default path, where the file may be missing.
    var configPath: String?
    /// The service manager's sockets; `nil` for a verb that serves nothing.
    var inherited: [InheritedListener]?
    var readFile: FileRead = { path throws(FileReadError) in try FileContents.read(path) }

    /// The loader for a reload: it refuses a named pipe, because a pipe that nobody writes would block the daemon.
    var forReload: SettingsLoader {
        var loader = self
        loader.readFile = { path throws(FileReadError) in try FileContents.read(path, waiting: false) }
        return loader
    }

    /// The present settings.
    ///
    /// - Throws: `SettingsError` with every problem found, each with its place.
    func load() throws(SettingsError) -> Settings {
        try Settings.load(
            arguments: arguments, environment: environment,
            credentialsDirectory: credentialsDirectory, sealedDirectory: sealedDirectory,
            credentialsAreHidden: credentialsAreHidden, configPath: configPath, inherited: inherited,
            readFile: readFile,
            readFolder: { path throws(FileReadError) in try FileContents.names(in: path) })
    }
}
