// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The settings in force, and the way to read them again.
final class LiveSettings: Sendable {
    typealias Load = @Sendable () throws(SettingsError) -> Settings

    private let load: Load
    private let inForce: Mutex<Settings>

    init(_ settings: Settings, load: @escaping Load) {
        self.load = load
        inForce = Mutex(settings)
    }

    var current: Settings { inForce.withLock { $0 } }

    /// Reads the settings again and puts in force what does not take a restart; faulty settings change nothing.
    ///
    /// - Returns: what has changed; `nil` if the task was cancelled first. A disk that hangs keeps a thread, and nobody else.
    /// - Throws: all that is wrong with the new settings.
    func reload() async throws(SettingsError) -> SettingsDifference? {
        let loaded = await onThread { [load] () -> Result<Settings, SettingsError> in
            do throws(SettingsError) { return .success(try load()) } catch { return .failure(error) }
        }
        guard let new = try loaded?.get() else { return nil }
        return try inForce.withLock { settings throws(SettingsError) in
            let old = settings
            settings = try new.takenOver(by: old)
            return new.difference(from: old)
        }
    }
}
