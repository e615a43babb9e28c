// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A socket from the service manager.
enum InheritedListener: Sendable, Equatable, CustomStringConvertible {
    case tcp(host: IPAddress, port: UInt16)
    case unix(path: String)

    var description: String {
        switch self {
        case .tcp(let host, let port): host.isIPv4 ? "\(host):\(port)" : "[\(host)]:\(port)"
        case .unix(let path): path
        }
    }

    fileprivate var tcp: (host: IPAddress, port: UInt16)? {
        if case .tcp(let host, let port) = self { (host, port) } else { nil }
    }
}

extension Settings {
    /// The errors that prevent these settings from serving on their sockets: the inherited ones, else their own.
    ///
    /// Keys that are `undecided` have an error already and are not checked again.
    func listenerProblems(inherited: [InheritedListener], undecided: Set<String> = []) -> [SettingError] {
        let hasTCP = inherited.isEmpty ? port != nil : inherited.contains { $0.tcp != nil }
        var problems: [SettingError] = []
        if hasTCP, localToken == nil, !undecided.contains("LOCAL_TOKEN") {
            problems.append(
                SettingError(
                    key: "LOCAL_TOKEN", reason: "is required for a TCP listener and not set",
                    accepted: SettingKey.named("LOCAL_TOKEN")?.accepted))
        }
        if inherited.isEmpty, port == nil, unixSocket == nil, !undecided.contains("UNIX_SOCKET") {
            problems.append(
                SettingError(
                    key: "PORT", place: provenance["PORT"]?.place,
                    reason: "is off, UNIX_SOCKET is empty and no socket is inherited: there is nothing to listen on"))
        }
        return problems
    }

    /// What is allowed about the listeners, but perhaps a mistake.
    func listenerWarnings(inherited: [InheritedListener]) -> [SettingWarning] {
        guard !inherited.isEmpty else { return ownListenerWarnings }
        let sockets = inherited.map(\.description).joined(separator: ", ")
        func warning(_ key: String, unless agrees: Bool) -> SettingWarning? {
            guard let set = provenance[key], !agrees else { return nil }
            return .init(
                key: key, place: set.place,
                reason:
                    "is \(set.shown), but the daemon serves on the inherited \(sockets); the inherited socket counts")
        }
        return [
            warning("PORT", unless: inherited.contains { $0.tcp.map { $0.port == port } ?? false }),
            warning("HOST", unless: inherited.contains { $0.tcp.map { $0.host == host } ?? false }),
            warning("UNIX_SOCKET", unless: inherited.contains { unixSocket.map(InheritedListener.unix) == $0 }),
        ].compactMap { $0 }
    }

    private var ownListenerWarnings: [SettingWarning] {
        guard let place = provenance["HOST"]?.place, port != nil, !host.isLoopback, allowlist.isEmpty else { return [] }
        return [
            .init(
                key: "HOST", place: place,
                reason: "is \(host), but ALLOWLIST is empty: only loopback clients are let in")
        ]
    }
}
