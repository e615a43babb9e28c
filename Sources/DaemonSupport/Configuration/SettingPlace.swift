// SPDX-License-Identifier: Apache-2.0

/// Where a setting's value was set.
public enum SettingPlace: Sendable, Equatable, CustomStringConvertible {
    case commandLine
    case environment
    /// A file in the service manager's credentials directory, with its name there.
    case credential(name: String)
    case file(path: String, line: Int)
    /// A file whose path is the value of the setting `variable`.
    case namedFile(path: String, variable: String)
    case builtIn

    /// The place in the form that people look for, such as `/etc/example.conf:12`.
    public var description: String {
        switch self {
        case .commandLine: "command line"
        case .environment: "environment"
        case .credential(let name): "credential \(name)"
        case .file(let path, let line): "\(path):\(line)"
        case .namedFile(let path, let variable): "file named by \(variable) (\(path))"
        case .builtIn: "default"
        }
    }
}
