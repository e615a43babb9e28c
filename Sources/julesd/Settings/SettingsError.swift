// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Every error in the settings, together.
struct SettingsError: Error, CustomStringConvertible {
    let problems: [SettingError]
    /// Remarks in addition to the errors.
    var warnings: [SettingWarning] = []

    /// One problem a line.
    var description: String { problems.map(\.description).joined(separator: "\n") }
}
