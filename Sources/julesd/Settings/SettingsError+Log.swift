// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

extension SettingsError {
    /// Logs every problem, each on a line of its own.
    func log(to logger: Logger) {
        for problem in problems { logger.event(.settingsRefused, level: .error, "\(problem)") }
    }
}
