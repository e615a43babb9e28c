// SPDX-License-Identifier: Apache-2.0

/// A network: all addresses of one family that share a prefix (RFC 4632).
public struct CIDR: Sendable, Hashable, CustomStringConvertible {
    /// The lowest address of the network.
    public let network: IPAddress
    /// The number of leading bits that all addresses share.
    public let prefixLength: Int

    /// The network of `address` with this prefix length; `nil` if the length is out of range. The bits after the prefix
    /// are cleared.
    public init?(address: IPAddress, prefixLength: Int) {
        guard (0...address.width).contains(prefixLength) else { return nil }
        let host = address.width - prefixLength
        let bits = (address.bits >> UInt128(host)) << UInt128(host)
        self.prefixLength = prefixLength
        network = address.isIPv4 ? IPAddress(v4: UInt32(bits)) : IPAddress(v6: bits)
    }

    /// Parses `address/prefix` or a single address. The bits after the prefix are cleared.
    ///
    /// The prefix length of an IPv4-mapped address counts from the start of the IPv6 address, so 96 covers all of IPv4.
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

    /// Whether `address` belongs to the network.
    public func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == network.isIPv4 && CIDR(address: address, prefixLength: prefixLength)?.network == network
    }

    /// `address/prefix`.
    public var description: String { "\(network)/\(prefixLength)" }
}

/// A set of networks, such as an allow list.
public struct AddressList: Sendable, Equatable, ExpressibleByArrayLiteral {
    /// The networks in the order of the list.
    public var networks: [CIDR]

    /// A list of these networks.
    public init(_ networks: [CIDR] = []) {
        self.networks = networks
    }

    /// A list of these networks.
    public init(arrayLiteral elements: CIDR...) {
        networks = elements
    }

    /// Whether the list has no networks.
    public var isEmpty: Bool { networks.isEmpty }

    /// Whether `address` belongs to one of the networks.
    public func contains(_ address: IPAddress) -> Bool { networks.contains { $0.contains(address) } }
}
