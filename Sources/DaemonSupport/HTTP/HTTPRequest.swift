// SPDX-License-Identifier: Apache-2.0

public import NIOCore
public import NIOHTTP1

/// One request, complete with its body.
public struct HTTPRequest: Sendable {
    /// The method.
    public var method: HTTPMethod
    /// The path as received, still percent-encoded, without the query.
    public var path: String
    /// The pairs of the query, decoded, in order.
    public var query: HTTPQuery
    /// The header fields.
    public var headers: HTTPHeaders
    /// The body; empty if there was none.
    public var body: [UInt8]
    /// Who is at the other end of the connection.
    public var peer: Peer
    /// Whether the client is still connected.
    public let presence = ClientPresence()

    /// A request.
    public init(method: HTTPMethod, target: String, headers: HTTPHeaders = [:], body: [UInt8] = [], peer: Peer) {
        self.method = method
        let parts = target.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        self.path = String(Substring(parts[0]))
        self.query = HTTPQuery(parts.count > 1 ? Substring(parts[1]) : "")
        self.headers = headers
        self.body = body
        self.peer = peer
    }
}

/// The other end of a connection, as the kernel reports it.
public enum Peer: Sendable, Equatable {
    case tcp(address: SocketAddress)
    case unix(PeerCredentials)
}

/// The identity of a process on a Unix socket, from SO_PEERCRED and SO_PEERGROUPS (socket(7), unix(7)).
public struct PeerCredentials: Sendable, Equatable {
    /// The user.
    public var uid: UInt32
    /// All groups: the primary one and the supplementary ones.
    public var gids: Set<UInt32>

    /// Credentials.
    public init(uid: UInt32, gids: Set<UInt32>) {
        self.uid = uid
        self.gids = gids
    }
}

/// The pairs of a query string, decoded (WHATWG URL, application/x-www-form-urlencoded), in order.
public struct HTTPQuery: Sendable, Equatable {
    /// One `name=value`.
    public struct Pair: Sendable, Equatable {
        /// The name, decoded.
        public var name: String
        /// The value, decoded; empty if there was no `=`.
        public var value: String
    }

    /// All pairs in order.
    public var pairs: [Pair]

    /// Reads the pairs of `text`, which must not contain the `?`.
    public init(_ text: some StringProtocol) {
        // By bytes, because an accent directly after a separator forms one `Character` with it.
        pairs = String(text).utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                .map { Substring($0) }
            return Pair(
                name: parts[0].replacingPlus.percentDecoded ?? String(parts[0]),
                value: parts.count > 1 ? parts[1].replacingPlus.percentDecoded ?? String(parts[1]) : "")
        }
    }

    /// The value of the first pair called `name`.
    public subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// The values of all pairs called `name`.
    public func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }
}

extension StringProtocol {
    fileprivate var replacingPlus: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0 == "+" ? " " : $0 }))
    }

    /// The text with `%XX` decoded (RFC 3986 §2.1); `nil` if that is malformed or not UTF-8.
    public var percentDecoded: String? {
        guard utf8.contains(UInt8(ascii: "%")) else { return String(self) }
        var bytes: [UInt8] = []
        var rest = utf8.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next().flatMap(hexadecimal), let low = rest.next().flatMap(hexadecimal) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

private func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
