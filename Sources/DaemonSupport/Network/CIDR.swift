// SPDX-License-Identifier: Apache-2.0

/// A network: all addresses of one family that share a prefix (RFC 4632).
public struct CIDR: Sendable, Hashable, CustomStringConvertible {
    /// The lowest address.
    public let network: IPAddress
    /// How many leading bits count.
    public let prefixLength: Int

    /// The network of `address` with this prefix; bits behind the prefix are cleared.
    public init?(address: IPAddress, prefixLength: Int) {
        guard (0...address.width).contains(prefixLength) else { return nil }
        let host = address.width - prefixLength
        let bits = (address.bits >> UInt128(host)) << UInt128(host)
        self.prefixLength = prefixLength
        network = address.isIPv4 ? IPAddress(v4: UInt32(bits)) : IPAddress(v6: bits)
    }

    /// The network that `text` names, `address/prefix` or a single address; bits behind the prefix are cleared.
    ///
    /// A prefix of an IPv4-mapped address counts from the IPv6 address's start, so 96 belongs to the mapping.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(parts[0]) else { return nil }
        guard parts.count == 2 else {
            self.init(address: address, prefixLength: address.width)
            return
        }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
            let length = Int(parts[1])
        else { return nil }
        let isMapped = address.isIPv4 && parts[0].contains(":")
        self.init(address: address, prefixLength: isMapped ? length - 96 : length)
    }

    /// Whether `address` lies in it.
    public func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == network.isIPv4 && CIDR(address: address, prefixLength: prefixLength)?.network == network
    }

    /// `address/prefix`.
    public var description: String { "\(network)/\(prefixLength)" }
}

/// A set of networks, as in an allowlist.
public struct AddressList: Sendable, Equatable, ExpressibleByArrayLiteral {
    /// The networks as listed.
    public var networks: [CIDR]

    /// A list of these networks.
    public init(_ networks: [CIDR] = []) {
        self.networks = networks
    }

    /// A list of these networks.
    public init(arrayLiteral elements: CIDR...) {
        networks = elements
    }

    /// Whether it lists nothing.
    public var isEmpty: Bool { networks.isEmpty }

    /// Whether one of the networks has `address`.
    public func contains(_ address: IPAddress) -> Bool { networks.contains { $0.contains(address) } }
}
