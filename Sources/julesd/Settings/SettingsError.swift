// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// All that is wrong with the settings, together.
struct SettingsError: Error, CustomStringConvertible {
    let problems: [SettingError]
    /// What was odd besides.
    var warnings: [SettingWarning] = []

    /// One problem a line.
    var description: String { problems.map(\.description).joined(separator: "\n") }
}
