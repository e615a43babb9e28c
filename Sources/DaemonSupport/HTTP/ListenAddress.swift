// SPDX-License-Identifier: Apache-2.0

/// An address on which an `HTTPServer` accepts connections.
public enum ListenAddress: Sendable, Equatable {
    /// A bound stream socket made by another program, such as systemd (sd_listen_fds(3)). The server closes it when it
    /// stops.
    case inherited(descriptor: CInt)
    /// An address or a host name with a port; port 0 means any free one. `::` accepts IPv4 connections too.
    case tcp(host: String, port: Int)
    /// The path and the file mode of a Unix socket. An old socket at that path is replaced if nobody listens on it; any
    /// other file is an error.
    case unix(path: String, mode: UInt32)
}

extension ListenAddress: CustomStringConvertible {
    /// The address in a form for people.
    public var description: String {
        switch self {
        case .inherited(let descriptor): "inherited descriptor \(descriptor)"
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path, _): path
        }
    }
}

/// Why the server cannot listen on an address.
public struct ListenError: Error, Equatable, CustomStringConvertible {
    /// The address that was asked for.
    public let address: ListenAddress
    /// The reason, for people.
    public let reason: String

    /// An error.
    public init(address: ListenAddress, reason: String) {
        self.address = address
        self.reason = reason
    }

    /// The address and the reason in one clause.
    public var description: String { "cannot listen on \(address): \(reason)" }
}
