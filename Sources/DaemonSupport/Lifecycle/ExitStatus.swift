// SPDX-License-Identifier: Apache-2.0

/// Why the daemon ended, in the numbers of sysexits.h: they tell the service manager whether trying again can help.
public struct ExitStatus: RawRepresentable, Sendable, Hashable, Error {
    /// The status as given to exit(3).
    public let rawValue: Int32

    /// A status.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// `EX_OK`: stopped as asked.
    public static let ok = ExitStatus(rawValue: 0)
    /// `EX_USAGE`: the command line is wrong.
    public static let usage = ExitStatus(rawValue: 64)
    /// `EX_UNAVAILABLE`: the service we depend on was not reachable in time.
    public static let unavailable = ExitStatus(rawValue: 69)
    /// `EX_SOFTWARE`: a fault of ours.
    public static let software = ExitStatus(rawValue: 70)
    /// `EX_OSERR`: the system refused something we need, such as a socket.
    public static let osError = ExitStatus(rawValue: 71)
    /// `EX_IOERR`: storage cannot be used.
    public static let ioError = ExitStatus(rawValue: 74)
    /// `EX_NOPERM`: the service we depend on refused our credentials.
    public static let noPermission = ExitStatus(rawValue: 77)
    /// `EX_CONFIG`: the settings are wrong.
    public static let config = ExitStatus(rawValue: 78)
}
