// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Checks the token that a client presents.
struct BearerToken: Sendable {
    private let digests: [[UInt8]]

    /// Accepts `current`, and `previous` while tokens are being changed; without either, nothing.
    init(current: Secret?, previous: Secret?) {
        digests = [current, previous].compactMap { $0.map { sha256($0.reveal().utf8) } }
    }

    /// Whether the token is right. Takes the same time for every wrong one.
    func accepts(_ presented: String) -> Bool {
        let digest = sha256(presented.utf8)
        // All are compared, so that the time does not tell which one was right.
        return digests.map { ConstantTime.equal(digests: digest, $0) }.contains(true)
    }

    /// The token of an `Authorization: Bearer …` field (RFC 6750 §2.1).
    static func presented(authorization: String?) -> String? {
        guard let parts = authorization?.split(separator: " ", maxSplits: 1), parts.count == 2,
            parts[0].lowercased() == "bearer"
        else { return nil }
        let token = parts[1].drop { $0 == " " }
        return token.isEmpty ? nil : String(token)
    }

    /// The first `bearer.<token>` of the `Sec-WebSocket-Protocol` fields: the token is everything after the first dot.
    ///
    /// A browser can set no header on a WebSocket but this one. `subprotocol` is to be answered.
    static func presented(subprotocols fields: [String]) -> (token: String, subprotocol: String)? {
        for offer in fields.flatMap(\.listItems) where offer.hasPrefix("bearer.") {
            return (String(offer.dropFirst("bearer.".count)), offer)
        }
        return nil
    }
}
