// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Why the sockets cannot be read.
public struct ListenVariablesError: Error, Equatable, CustomStringConvertible {
    /// The error number.
    public let code: Int32

    /// A sentence with the reason.
    public var description: String {
        "LISTEN_FDS or LISTEN_FDNAMES cannot be used: \(String(cString: strerror(code)))"
    }
}

/// The sockets that the service manager passed to this process (sd_listen_fds(3)).
public enum InheritedSockets {
    /// Takes all descriptors that are meant for this process, in the order of the socket units. The list is empty if
    /// there are none.
    ///
    /// The descriptors are set to close on exec and the `LISTEN_*` variables are removed, so that no child process uses
    /// them. Call this once, before other threads read the environment.
    ///
    /// - Throws: ``ListenVariablesError`` if the variables are invalid; ``InheritedSocketError`` if a descriptor cannot be used.
    public static func take() throws -> [InheritedSocket] {
        var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &list)
        guard count >= 0 else { throw ListenVariablesError(code: -count) }
        defer {
            for index in 0..<Int(count) { free(list?[index]) }
            free(list)
        }
        let names = (0..<Int(count)).map { index in list?[index].map { String(cString: $0) } ?? "unknown" }
        return try describe(names: names, first: SD_LISTEN_FDS_START)
    }

    /// Checks consecutive descriptors from `first` on, one for each name.
    static func describe(names: [String], first: Int32) throws(InheritedSocketError) -> [InheritedSocket] {
        var sockets: [InheritedSocket] = []
        for (index, name) in names.enumerated() {
            sockets.append(try InheritedSocket(descriptor: first + Int32(index), name: name))
        }
        return sockets
    }
}
