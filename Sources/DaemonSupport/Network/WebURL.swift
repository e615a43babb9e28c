// SPDX-License-Identifier: Apache-2.0

/// An absolute `http` or `https` URL (RFC 3986), taken apart as far as settings need it.
public struct WebURL: Sendable, Equatable {
    /// The URL as given.
    public let text: String
    /// `http` or `https`.
    public let scheme: String
    /// The host in lower case, an IPv6 address without its brackets.
    public let host: String
    /// The port, if it is named.
    public let port: UInt16?
    /// The path, perhaps empty.
    public let path: String
    /// Whether there is a user name or password before the host.
    public let hasUserInfo: Bool
    /// Whether there is a `?`.
    public let hasQuery: Bool
    /// Whether there is a `#`.
    public let hasFragment: Bool

    /// The URL that `text` is; `nil` for anything else, and for characters that a URL has to escape.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\"<>\\^`{|}".utf8.contains($0) }),
            let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://")
        else { return nil }
        self.text = String(text)
        scheme = text[..<colon].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = text[colon...].dropFirst(3)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let tail = rest[end...]
        let pathEnd = tail.firstIndex { "?#".contains($0) } ?? tail.endIndex
        path = String(tail[..<pathEnd])
        hasFragment = tail.contains("#")
        hasQuery = tail.prefix { $0 != "#" }.contains("?")

        var authority = rest[..<end]
        let at = authority.lastIndex(of: "@")
        hasUserInfo = at != nil
        if let at { authority = authority[authority.index(after: at)...] }
        guard let (host, port) = Self.hostAndPort(String(authority)) else { return nil }
        self.host = host
        self.port = port
    }

    /// Takes `host`, `host:port` or `[v6]:port` apart, as it stands in a `Host` field too (RFC 9110 §7.2).
    public static func hostAndPort(_ text: String) -> (host: String, port: UInt16?)? {
        let hostEnd: String.Index
        let host: String
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]"),
                let address = IPAddress(text[text.index(after: text.startIndex)..<close])
            else { return nil }
            host = "\(address)"
            hostEnd = text.index(after: close)
        } else {
            hostEnd = text.firstIndex(of: ":") ?? text.endIndex
            host = text[..<hostEnd].lowercased()
            guard !host.isEmpty, host.utf8.allSatisfy(isHostByte) else { return nil }
        }
        let rest = text[hostEnd...]
        if rest.isEmpty { return (host, nil) }
        guard rest.first == ":", rest.dropFirst().utf8.allSatisfy({ (48...57).contains($0) }),
            let port = UInt16(rest.dropFirst()), port > 0
        else { return nil }
        return (host, port)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte) || "-._~".utf8.contains(byte)
    }

    /// The port in effect.
    public var effectivePort: UInt16 { port ?? (scheme == "https" ? 443 : 80) }

    /// Whether it leads to this machine only: a loopback address or `localhost`.
    public var isLoopback: Bool { host == "localhost" || IPAddress(host)?.isLoopback ?? false }

    /// Scheme, host and port, nothing of what may be secret.
    public var origin: WebOrigin { WebOrigin(scheme: scheme, host: host, port: effectivePort) }
}

/// Scheme, host and port, as a browser names a page's origin (RFC 6454 §6.2).
public struct WebOrigin: Sendable, Hashable, CustomStringConvertible {
    /// `http`, `https`, or the scheme of an extension or program.
    public let scheme: String
    /// The host in lower case, an IPv6 address without its brackets.
    public let host: String
    /// The port in effect; 0 for a scheme that has none.
    public let port: UInt16

    /// The schemes of pages that belong to a browser's extension or to a program with a browser inside.
    private static let applicationSchemes: Set = ["chrome-extension", "moz-extension", "vscode-webview", "app"]

    init(scheme: String, host: String, port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// The origin that `text` names, with nothing behind the port but perhaps one slash; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        if let origin = Self.application(String(text)) {
            self = origin
            return
        }
        guard let url = WebURL(text), url.path.isEmpty || url.path == "/", !url.hasUserInfo, !url.hasQuery,
            !url.hasFragment
        else { return nil }
        self = url.origin
    }

    /// `scheme://name`, taken as it stands: the name is an identifier that only its program understands.
    private static func application(_ text: String) -> WebOrigin? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let scheme = String(text[..<colon])
        let rest = text[colon...]
        guard Self.applicationSchemes.contains(scheme), rest.hasPrefix("://") else { return nil }
        let name = rest.dropFirst(3)
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return name.isEmpty || !isName ? nil : WebOrigin(scheme: scheme, host: String(name), port: 0)
    }

    /// `true` for a page that came from a server; `false` for one of an extension or program.
    public var isServed: Bool { port != 0 }

    /// As a browser writes it: without the scheme's own port.
    public var description: String {
        guard isServed else { return "\(scheme)://\(host)" }
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(name)" + (port == (scheme == "https" ? 443 : 80) ? "" : ":\(port)")
    }
}
