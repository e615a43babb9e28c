// SPDX-License-Identifier: Apache-2.0

public import NIOCore

extension IPAddress {
    /// The IP address in a socket address; `nil` for a Unix socket.
    public init?(_ address: SocketAddress) {
        guard let text = address.ipAddress else { return nil }
        self.init(text)
    }
}
