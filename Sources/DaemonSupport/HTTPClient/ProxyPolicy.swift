// SPDX-License-Identifier: Apache-2.0

/// Which requests go through a proxy: those with https to another machine whose host is not an exception.
///
/// An http request never does, because the proxy could read all of it, including a key. A request to this machine never
/// does, because the proxy would look for the host on its own machine.
public struct ProxyPolicy: Sendable, Equatable {
    private let proxy: String?
    private let exceptions: [ProxyException]

    /// A policy with the proxy at this URL; `host:port` means an http proxy. Without a proxy all requests go directly
    /// to their hosts.
    public init(proxy: String? = nil, exceptions: [ProxyException] = []) {
        self.proxy = proxy
        self.exceptions = exceptions
    }

    /// The proxy for a request to `url`; `nil` if the request goes directly to its host.
    func proxy(for url: String) -> String? {
        guard let proxy, let url = WebURL(url), url.scheme == "https", !url.isLoopback,
            !exceptions.contains(where: { $0.covers(url) })
        else { return nil }
        return proxy
    }
}

/// A destination that is reached without the proxy: one entry of `NO_PROXY`.
///
/// It is an address, a network, `*` for everything, or a name with or without a port. A name means its host and all
/// hosts below it; `internal`, `.internal` and `*.internal` mean the same.
public enum ProxyException: Sendable, Equatable {
    /// Every host.
    case all
    /// The addresses of a network.
    case network(CIDR)
    /// A host in lower case and all hosts below it. Without a port, it applies to all ports.
    case domain(String, port: UInt16?)

    /// Parses one entry; `nil` if `text` has another form.
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

    /// Whether a request to `url` goes directly to its host.
    func covers(_ url: WebURL) -> Bool {
        switch self {
        case .all: true
        case .network(let network): IPAddress(url.host).map(network.contains) ?? false
        case .domain(let domain, let port):
            (port == nil || port == url.effectivePort) && (url.host == domain || url.host.hasSuffix("." + domain))
        }
    }
}
