// SPDX-License-Identifier: Apache-2.0

/// Finds the client behind proxies from `X-Forwarded-For` and `X-Forwarded-Proto`.
///
/// Every proxy appends the address it was called from, so only what trusted proxies wrote, from the right, can be believed.
public enum ForwardedFor {
    /// The rightmost address that no trusted proxy has: the client. Where all are trusted, the leftmost.
    ///
    /// An entry that names no address ends the walk, and the proxy that wrote it counts as the client.
    ///
    /// - Parameters:
    ///   - peer: The address at the other end of the connection.
    ///   - fields: The values of all `X-Forwarded-For` fields, in order.
    ///   - trusted: The proxies.
    public static func client(peer: IPAddress, fields: [String], trusted: AddressList) -> IPAddress {
        var client = peer
        // By bytes: an accent behind a comma would make one character of the two.
        let entries = fields.flatMap { $0.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) }
        for entry in entries.reversed() {
            guard trusted.contains(client), let next = address(Substring(entry)) else { break }
            client = next
        }
        return client
    }

    /// The scheme, `http` or `https`, that the nearest proxy was called with, if that proxy is trusted and tells.
    public static func scheme(peer: IPAddress, fields: [String], trusted: AddressList) -> String? {
        guard trusted.contains(peer), let last = fields.last?.split(separator: ",").last else { return nil }
        let scheme = last.filter { $0 != " " && $0 != "\t" }.lowercased()
        return scheme == "http" || scheme == "https" ? scheme : nil
    }

    /// The address of one entry: with or without a port, an IPv6 one with or without brackets.
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
