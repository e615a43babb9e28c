// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// The sockets that the service manager handed over (sd_listen_fds(3)).
public enum InheritedSockets {
    /// Why the hand-over as a whole cannot be read.
    public struct Unreadable: Error, Equatable, CustomStringConvertible {
        /// The error number.
        public let code: Int32

        /// A sentence with the reason.
        public var description: String {
            "LISTEN_FDS or LISTEN_FDNAMES cannot be used: \(String(cString: strerror(code)))"
        }
    }

    /// Takes over every descriptor that is meant for this process, in the order of the socket units; none is an empty list.
    ///
    /// Afterwards the descriptors close on exec and the `LISTEN_*` variables are gone, so that no child takes them for its
    /// own. To be called once, before other threads read the environment. Throws ``Unreadable`` or ``InheritedSocket/Fault``.
    public static func take() throws -> [InheritedSocket] {
        var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &list)
        guard count >= 0 else { throw Unreadable(code: -count) }
        defer {
            for index in 0..<Int(count) { free(list?[index]) }
            free(list)
        }
        let names = (0..<Int(count)).map { index in list?[index].map { String(cString: $0) } ?? "unknown" }
        return try describe(names: names, first: SD_LISTEN_FDS_START)
    }

    /// Describes consecutive descriptors beginning with `first`, one for each name.
    static func describe(names: [String], first: Int32) throws(InheritedSocket.Fault) -> [InheritedSocket] {
        var sockets: [InheritedSocket] = []
        for (index, name) in names.enumerated() {
            sockets.append(try InheritedSocket(descriptor: first + Int32(index), name: name))
        }
        return sockets
    }
}
