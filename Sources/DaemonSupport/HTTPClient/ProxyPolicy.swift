// SPDX-License-Identifier: Apache-2.0

/// Which requests go through a proxy: those by https to another machine whose host is not excepted.
///
/// An http request never does, because a proxy could read all of it, a key included. A request to this machine never does, because
/// a proxy would look for it on its own machine.
public struct ProxyPolicy: Sendable, Equatable {
    private let proxy: String?
    private let exceptions: [ProxyException]

    /// A policy for the proxy at this URL, or `host:port` of an http proxy; without one, every request goes straight to its host.
    public init(proxy: String? = nil, exceptions: [ProxyException] = []) {
        self.proxy = proxy
        self.exceptions = exceptions
    }

    /// The proxy for a request to `url`; `nil` if the request goes straight to its host.
    func proxy(for url: String) -> String? {
        guard let proxy, let url = WebURL(url), url.scheme == "https", !url.isLoopback,
            !exceptions.contains(where: { $0.covers(url) })
        else { return nil }
        return proxy
    }
}

/// What is reached without the proxy: one entry of `NO_PROXY`.
///
/// It is an address, a network, `*` for everything, or a name, perhaps with a port. A name stands for its host and all hosts below
/// it, whether it is written `internal`, `.internal` or `*.internal`.
public enum ProxyException: Sendable, Equatable {
    /// Every host.
    case all
    /// The addresses of a network.
    case network(CIDR)
    /// A host and all hosts below it, in lower case, on one port or on all.
    case domain(String, port: UInt16?)

    /// The exception that `text` names; `nil` if it names none.
    public init?(_ text: String) {
        if text == "*" {
            self = .all
        } else if let network = CIDR(
            text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text)
        {
            self = .network(network)
        } else {
            let name = text.hasPrefix("*.") ? text.dropFirst(2) : text.hasPrefix(".") ? text.dropFirst() : text[...]
            guard let (host, port) = WebURL.hostAndPort(String(name)), !host.hasPrefix(".") else { return nil }
            self = .domain(host, port: port)
        }
    }

    /// Whether a request to `url` goes past the proxy.
    func covers(_ url: WebURL) -> Bool {
        switch self {
        case .all: true
        case .network(let network): IPAddress(url.host).map(network.contains) ?? false
        case .domain(let domain, let port):
            (port == nil || port == url.effectivePort) && (url.host == domain || url.host.hasSuffix("." + domain))
        }
    }
}
