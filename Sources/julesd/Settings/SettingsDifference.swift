// SPDX-License-Identifier: Apache-2.0

/// Which keys a reload finds changed.
struct SettingsDifference: Sendable, Equatable {
    /// Keys whose new value is taken over at once.
    var reloaded: [String] = []
    /// Keys whose new value takes a restart.
    var restart: [String] = []
}

extension Settings {
    /// The keys in which these settings differ from `old`.
    func difference(from old: Settings) -> SettingsDifference {
        var difference = SettingsDifference()
        for key in SettingKey.all where key.differs(self, old) {
            if key.isReloadable { difference.reloaded.append(key.name) } else { difference.restart.append(key.name) }
        }
        if rules != old.rules { difference.reloaded.append("the rules") }
        return difference
    }

    /// These settings as a reload takes them over: where a key takes a restart, with the value that is in force.
    ///
    /// - Throws: `SettingsError` if the two do not go together.
    func takenOver(by running: Settings) throws(SettingsError) -> Settings {
        var settings = self
        for key in SettingKey.all where !key.isReloadable { key.copy(running, &settings) }
        let problems = settings.contradictions()
        guard problems.isEmpty else { throw SettingsError(problems: problems, warnings: warnings) }
        return settings
    }
}
