// SPDX-License-Identifier: Apache-2.0

/// The keys that have changed at a reload.
struct SettingsDifference: Sendable, Equatable {
    /// Keys whose new value applies at once.
    var reloaded: [String] = []
    /// Keys whose new value takes a restart.
    var restart: [String] = []
}

extension Settings {
    /// The keys with different values in these settings and in `old`.
    func difference(from old: Settings) -> SettingsDifference {
        var difference = SettingsDifference()
        for key in SettingKey.all where key.differs(self, old) {
            if key.isReloadable { difference.reloaded.append(key.name) } else { difference.restart.append(key.name) }
        }
        if rules != old.rules { difference.reloaded.append("the rules") }
        return difference
    }

    /// These settings as a reload applies them: keys that take a restart keep the value in force.
    ///
    /// - Throws: `SettingsError` if the values contradict each other.
    func takenOver(by running: Settings) throws(SettingsError) -> Settings {
        var settings = self
        for key in SettingKey.all where !key.isReloadable { key.copy(running, &settings) }
        let problems = settings.contradictions()
        guard problems.isEmpty else { throw SettingsError(problems: problems, warnings: warnings) }
        return settings
    }
}
