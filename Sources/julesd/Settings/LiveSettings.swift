// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The settings in force, and the way to read them again.
final class LiveSettings: Sendable {
    typealias Load = @Sendable () throws(SettingsFault) -> Settings

    private let load: Load
    private let value: Mutex<Settings>

    init(_ settings: Settings, load: @escaping Load) {
        self.load = load
        value = Mutex(settings)
    }

    var current: Settings { value.withLock { $0 } }

    /// Reads the settings again and puts them in force; a faulty file changes nothing.
    ///
    /// - Throws: all that is wrong with the new settings.
    func reload() throws(SettingsFault) -> SettingsDifference {
        let new = try load()
        return value.withLock { settings in
            defer { settings = new }
            return new.difference(from: settings)
        }
    }
}
