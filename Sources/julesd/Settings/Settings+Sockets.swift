// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

extension Settings {
    /// Where to serve: on the inherited sockets, else on the addresses in these settings.
    func listenAddresses(inherited: [InheritedSocket]) -> [ListenAddress] {
        guard inherited.isEmpty else { return inherited.map { .inherited(descriptor: $0.descriptor) } }
        var own: [ListenAddress] = []
        if let port { own.append(.tcp(host: host.description, port: Int(port))) }
        if let unixSocket { own.append(.unix(path: unixSocket, mode: 0o660)) }
        return own
    }

    /// Logs what is allowed, but perhaps a mistake.
    func logWarnings(to logger: Logger) {
        for warning in warnings {
            if warning.key == "JULES_API_BASE" {
                logger.event(.apiBaseUnusual, level: .warning, "\(warning)")
            } else {
                logger.warning("\(warning)")
            }
        }
    }
}

extension InheritedListener {
    /// The socket in a form that can be compared with settings.
    init(_ socket: InheritedSocket) {
        if socket.family == .tcp, let (host, port) = WebURL.hostAndPort(socket.address), let host = IPAddress(host) {
            self = .tcp(host: host, port: port ?? 0)
        } else {
            self = .unix(path: socket.address)
        }
    }
}
