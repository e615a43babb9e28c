// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Where the daemon serves: the sockets it inherited, or else the ones its settings name.
struct Listeners {
    let addresses: [ListenAddress]
    let warnings: [SettingWarning]

    /// - Throws: `SettingsFault` where the settings do not fit the sockets.
    init(_ settings: Settings, inherited: [InheritedSocket]) throws(SettingsFault) {
        let known = inherited.map { InheritedListener($0) }
        let problems = settings.problems(inherited: known)
        guard problems.isEmpty else { throw SettingsFault(problems: problems) }
        warnings = settings.warnings(inherited: known)
        guard inherited.isEmpty else {
            addresses = inherited.map { .inherited(descriptor: $0.descriptor) }
            return
        }
        var own: [ListenAddress] = []
        if let port = settings.port { own.append(.tcp(host: settings.host.description, port: Int(port))) }
        if let path = settings.unixSocket { own.append(.unix(path: path, mode: 0o660)) }
        addresses = own
    }
}

extension InheritedListener {
    fileprivate init(_ socket: InheritedSocket) {
        if socket.family == .tcp, let (host, port) = WebURL.hostAndPort(socket.address), let host = IPAddress(host) {
            self = .tcp(host: host, port: port ?? 0)
        } else {
            self = .unix(path: socket.address)
        }
    }
}
