// SPDX-License-Identifier: Apache-2.0

/// The address of the daemon.
enum DaemonAddress: Sendable, Equatable, CustomStringConvertible {
    case unix(path: String)
    /// `http://host:port` or `https://host:port`, without a slash at the end.
    case url(String)

    /// The path of the socket in the package's socket unit.
    static let standard = DaemonAddress.unix(path: "/run/julesd/julesd.sock")

    /// Parses `http://…`, `https://…`, `unix:PATH` or the absolute path of a socket; `nil` for any other text.
    init?(_ text: String) {
        if text.hasPrefix("/") {
            self = .unix(path: text)
        } else if text.hasPrefix("unix:") {
            var path = text.dropFirst(5)
            if path.hasPrefix("//") { path = path.dropFirst(2) }
            guard path.hasPrefix("/") else { return nil }
            self = .unix(path: String(path))
        } else if text.hasPrefix("http://") || text.hasPrefix("https://") {
            var base = text[...]
            while base.last == "/" { base = base.dropLast() }
            guard base.count > 8 else { return nil }
            self = .url(String(base))
        } else {
            return nil
        }
    }

    var description: String {
        switch self {
        case .unix(let path): path
        case .url(let base): base
        }
    }

    /// The part of a request's URL before its path.
    var base: String {
        switch self {
        case .unix: "http://localhost"
        case .url(let base): base
        }
    }

    /// The Unix socket to connect to; `nil` for a URL.
    var socket: String? { if case .unix(let path) = self { path } else { nil } }

    /// What to try if there is no answer at this address.
    var hint: String {
        switch self {
        case .unix:
            "\"systemctl status julesd.service julesd-control.socket\" tells if it runs; a user outside the group julesd may not open "
                + "the socket; --url reaches a daemon elsewhere"
        case .url:
            "check host and port (PORT in /etc/julesd/julesd.conf), and that the daemon's ALLOWLIST has this machine"
        }
    }
}
