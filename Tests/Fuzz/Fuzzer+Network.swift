// SPDX-License-Identifier: Apache-2.0

@testable import DaemonSupport

extension Fuzzer {
    /// Addresses and networks.
    static let network = Fuzzer(
        "network",
        text: { text in
            if let address = IPAddress(text) {
                promise(IPAddress("\(address)") == address, "\(address) is read as it is written")
                promise(CIDR(text)?.network == address, "a single address is a network")
                promise(CIDR(text)?.prefixLength == address.width, "of itself alone")
            }
            guard let network = CIDR(text) else { return }
            promise(CIDR("\(network)") == network, "\(network) is read as it is written")
            promise(network.contains(network.network), "a network has its first address")
            let size = network.network.width - network.prefixLength
            guard size < network.network.width else { return }
            let last = network.network.bits | ((1 << UInt128(size)) - 1)
            let end = address(last, like: network.network)
            // The end of ::/80 would be an IPv4-mapped address, which counts as IPv4 and belongs to no IPv6 network.
            promise(network.contains(end) || end.isIPv4 != network.network.isIPv4, "a network has its last address")
            let (next, overflow) = last.addingReportingOverflow(1)
            guard !overflow, next >> UInt128(network.network.width - 1) <= 1 else { return }
            promise(!network.contains(address(next, like: network.network)), "a network ends behind its last address")
        })

    private static func address(_ bits: UInt128, like other: IPAddress) -> IPAddress {
        other.isIPv4 ? IPAddress(v4: UInt32(bits)) : IPAddress(v6: bits)
    }

    /// Forwarded headers: the first line is the peer's address, the second the trusted networks, then one field per
    /// line.
    static let forwarded = Fuzzer(
        "forwarded",
        text: { text in
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            guard lines.count >= 2, let peer = IPAddress(lines[0]) else { return }
            let trusted = AddressList(lines[1].listItems.compactMap { CIDR($0) })
            let fields = Array(lines[2...])
            let client = ForwardedFor.client(peer: peer, fields: fields, trusted: trusted)
            promise(client == peer || trusted.contains(peer), "nobody but a proxy is believed")
            promise(
                ForwardedFor.client(peer: peer, fields: fields, trusted: []) == peer,
                "without proxies the peer is the client")
            let spoofed = ForwardedFor.client(peer: peer, fields: ["192.0.2.66"] + fields, trusted: trusted)
            promise(spoofed == client || trusted.contains(client), "what a client writes first changes nothing")
            let joined = ForwardedFor.client(peer: peer, fields: [fields.joined(separator: ",")], trusted: trusted)
            promise(fields.isEmpty || joined == client, "several fields mean what one with commas does")

            let scheme = ForwardedFor.scheme(peer: peer, fields: fields, trusted: trusted)
            promise(scheme.map { ["http", "https"].contains($0) } ?? true, "the scheme is one of two")
            promise(scheme == nil || trusted.contains(peer), "nobody but a proxy tells the scheme")
        })
}
