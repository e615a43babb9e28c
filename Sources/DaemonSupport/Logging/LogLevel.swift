// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging

extension Logger.Level {
    /// The level as a number in the JSON lines.
    var number: Int {
        switch self {
        case .trace: 10
        case .debug: 20
        case .info, .notice: 30
        case .warning: 40
        case .error, .critical: 50
        }
    }

    /// The journal's `PRIORITY` (syslog(3)).
    var priority: Int32 {
        switch self {
        case .trace, .debug: LOG_DEBUG
        case .info: LOG_INFO
        case .notice: LOG_NOTICE
        case .warning: LOG_WARNING
        case .error: LOG_ERR
        case .critical: LOG_CRIT
        }
    }
}
