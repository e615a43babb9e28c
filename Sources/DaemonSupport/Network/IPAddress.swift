// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) is equal to its IPv4 address.
public struct IPAddress: Sendable, Hashable {
    /// Whether it is an IPv4 address.
    public let isIPv4: Bool
    /// The address as a number. An IPv4 address uses the lower 32 bits.
    let bits: UInt128

    /// The IPv4 address with this number in host byte order.
    public init(v4 number: UInt32) {
        isIPv4 = true
        bits = UInt128(number)
    }

    /// The IPv6 address with this number in host byte order.
    public init(v6 number: UInt128) {
        isIPv4 = number >> 32 == 0xFFFF
        bits = isIPv4 ? number & 0xFFFF_FFFF : number
    }

    /// Parses an address in the usual notation. `nil` for any other text, also for one with a zone id or brackets.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        // inet_pton(3) stops at a NUL.
        guard !text.utf8.contains(0) else { return nil }
        var v4: UInt32 = 0
        var v6: UInt128 = 0
        if inet_pton(AF_INET, text, &v4) == 1 {
            self.init(v4: UInt32(bigEndian: v4))
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self.init(v6: UInt128(bigEndian: v6))
        } else {
            return nil
        }
    }

    /// Whether it is a loopback address: 127.0.0.0/8 or ::1.
    public var isLoopback: Bool { isIPv4 ? bits >> 24 == 127 : bits == 1 }

    /// Whether it means all addresses of the machine: 0.0.0.0 or ::.
    public var isUnspecified: Bool { bits == 0 }

    /// The network that one client usually controls: for IPv4 the address alone, for IPv6 its /64 (RFC 6177), in which
    /// a client can use a new address for each attempt.
    public var clientNetwork: IPAddress { isIPv4 ? self : IPAddress(v6: (bits >> 64) << 64) }

    /// The number of bits: 32 or 128.
    var width: Int { isIPv4 ? 32 : 128 }
}

extension IPAddress: CustomStringConvertible {
    /// The usual notation; for IPv6 the canonical one (RFC 5952).
    public var description: String {
        guard !isIPv4 else { return (0..<4).map { "\(bits >> (24 - 8 * $0) & 255)" }.joined(separator: ".") }
        var address = bits.bigEndian
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
