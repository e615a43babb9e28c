// SPDX-License-Identifier: Apache-2.0

/// Where an `HTTPServer` takes connections.
public enum ListenAddress: Sendable, Equatable {
    /// A bound stream socket that somebody else made, such as systemd (sd_listen_fds(3)); the server closes it in the end.
    case inherited(descriptor: CInt)
    /// An address or a host name with a port, 0 for any free one. `::` takes IPv4 as well.
    case tcp(host: String, port: Int)
    /// A Unix socket's path and its file mode. A stale socket there is replaced, any other file never.
    case unix(path: String, mode: UInt32)
}

extension ListenAddress: CustomStringConvertible {
    /// The address for people.
    public var description: String {
        switch self {
        case .inherited(let descriptor): "inherited descriptor \(descriptor)"
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path, _): path
        }
    }
}

/// Why an address could not be listened on.
public struct ListenError: Error, Equatable, CustomStringConvertible {
    /// The address that was asked for.
    public let address: ListenAddress
    /// What stood in the way, for people.
    public let reason: String

    /// An error.
    public init(address: ListenAddress, reason: String) {
        self.address = address
        self.reason = reason
    }

    /// The address and the reason in one sentence.
    public var description: String { "cannot listen on \(address): \(reason)" }
}
