// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The settings in force, and how to read them again.
final class LiveSettings: Sendable {
    typealias Load = @Sendable () throws(SettingsError) -> Settings

    private let load: Load
    private let inForce: Mutex<Settings>

    init(_ settings: Settings, load: @escaping Load) {
        self.load = load
        inForce = Mutex(settings)
    }

    var current: Settings { inForce.withLock { $0 } }

    /// Reads the settings again and applies those that do not take a restart. If there is an error, nothing changes.
    ///
    /// - Returns: what has changed; `nil` if the task was cancelled first. A disk that hangs blocks one thread and nothing
    ///   else.
    /// - Throws: `SettingsError` with every error in the new settings.
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
