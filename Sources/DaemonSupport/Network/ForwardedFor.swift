// SPDX-License-Identifier: Apache-2.0

/// Finds the client behind proxies from `X-Forwarded-For` and `X-Forwarded-Proto`.
///
/// Each proxy appends the address of its caller. So only the entries that trusted proxies wrote, counted from the
/// right, are reliable.
public enum ForwardedFor {
    /// The client: the rightmost address that is not a trusted proxy. If all addresses are trusted, the leftmost one.
    ///
    /// If an entry is not an address, the proxy that wrote it counts as the client.
    ///
    /// - Parameters:
    ///   - peer: The address at the other end of the connection.
    ///   - fields: The values of all `X-Forwarded-For` fields, in order.
    /// - trusted: The trusted proxies.
    public static func client(peer: IPAddress, fields: [String], trusted: AddressList) -> IPAddress {
        var client = peer
        // By bytes, because an accent directly after a comma forms one `Character` with it.
        let entries = fields.flatMap { $0.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) }
        for entry in entries.reversed() {
            guard trusted.contains(client), let next = address(Substring(entry)) else { break }
            client = next
        }
        return client
    }

    /// The scheme, `http` or `https`, with which the nearest proxy was called; `nil` if that proxy is not trusted or
    /// does not say.
    public static func scheme(peer: IPAddress, fields: [String], trusted: AddressList) -> String? {
        guard trusted.contains(peer), let last = fields.last?.split(separator: ",").last else { return nil }
        let scheme = last.filter { $0 != " " && $0 != "\t" }.lowercased()
        return scheme == "http" || scheme == "https" ? scheme : nil
    }

    /// The address in one entry. It may have a port; an IPv6 address may be in brackets.
    private static func address(_ entry: Substring) -> IPAddress? {
        let entry = entry.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        let text = String(entry)
        if let bare = IPAddress(text) { return bare }
        let host: Substring
        let port: Substring
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<close]
            port = text[text.index(after: close)...]
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[colon...]
        } else {
            return nil
        }
        guard port.isEmpty || (port.first == ":" && UInt16(port.dropFirst()) != nil) else { return nil }
        return IPAddress(host)
    }
}
