// SPDX-License-Identifier: Apache-2.0

/// An absolute `http` or `https` URL (RFC 3986) and its parts.
public struct WebURL: Sendable, Equatable {
    /// The URL as given.
    public let text: String
    /// `http` or `https`.
    public let scheme: String
    /// The host in lower case; an IPv6 address has no brackets.
    public let host: String
    /// The port; `nil` if the URL has none.
    public let port: UInt16?
    /// The path; may be empty.
    public let path: String
    /// Whether a user name or password is before the host.
    public let hasUserInfo: Bool
    /// Whether the URL contains a `?`.
    public let hasQuery: Bool
    /// Whether the URL contains a `#`.
    public let hasFragment: Bool

    /// Parses a URL. `nil` for any other text, also for one with characters that must be escaped in a URL.
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

    /// Splits `host`, `host:port` or `[v6]:port`, as in a `Host` field (RFC 9110 §7.2); `nil` for any other text.
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

    /// The port; the scheme's default if the URL has none.
    public var effectivePort: UInt16 { port ?? (scheme == "https" ? 443 : 80) }

    /// Whether the host is a loopback address or `localhost`.
    public var isLoopback: Bool { host == "localhost" || IPAddress(host)?.isLoopback ?? false }

    /// Scheme, host and port. These parts hold no secret.
    public var origin: WebOrigin { WebOrigin(scheme: scheme, host: host, port: effectivePort) }
}

/// The origin of a web page: scheme, host and port (RFC 6454 §6.2).
public struct WebOrigin: Sendable, Hashable, CustomStringConvertible {
    /// `http`, `https`, or the scheme of a browser extension or of an application.
    public let scheme: String
    /// The host in lower case; an IPv6 address has no brackets.
    public let host: String
    /// The port; the scheme's default if none is given, and 0 for a scheme without ports.
    public let port: UInt16

    /// The schemes of browser extensions and of applications with an embedded browser.
    private static let applicationSchemes: Set = ["chrome-extension", "moz-extension", "vscode-webview", "app"]

    init(scheme: String, host: String, port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// Parses an origin, which may end with one slash; `nil` for any other text.
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

    /// Parses `scheme://name` of an application. The name is kept as it is, because only the application knows its
    /// form.
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

    /// True for a page from a web server; false for one of an extension or application.
    public var isServed: Bool { port != 0 }

    /// The origin as a browser writes it, without the scheme's default port.
    public var description: String {
        guard isServed else { return "\(scheme)://\(host)" }
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(name)" + (port == (scheme == "https" ? 443 : 80) ? "" : ":\(port)")
    }
}
