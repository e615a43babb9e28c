// SPDX-License-Identifier: Apache-2.0

import Glibc
public import Logging

extension Logger.Level {
    /// The level with this name, in upper or lower case. The names are those of swift-log, and `warn` and `fatal` from
    /// loggers of Node.
    public init?(setting name: String) {
        switch name.lowercased() {
        case "warn": self = .warning
        case "fatal": self = .critical
        case let name: self.init(rawValue: name)
        }
    }

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
