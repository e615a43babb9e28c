// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Checks the token that a client presents.
struct BearerToken: Sendable {
    private let digests: [[UInt8]]

    /// Accepts `current`, and `previous` while the token is being changed. If both are `nil`, it accepts nothing.
    init(current: Secret?, previous: Secret?) {
        digests = [current, previous].compactMap { $0.map { sha256($0.reveal().utf8) } }
    }

    /// Whether the token is right. The time does not depend on how wrong it is.
    func accepts(_ presented: String) -> Bool {
        let digest = sha256(presented.utf8)
        // All digests are compared, so that the time does not show which one matched.
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

    /// The first `bearer.<token>` in the `Sec-WebSocket-Protocol` fields. The token is everything after the first dot.
    ///
    /// A browser can set no other header field on a WebSocket. The server must answer with `subprotocol` (RFC 6455 §4.2.2).
    static func presented(subprotocols fields: [String]) -> (token: String, subprotocol: String)? {
        for offer in fields.flatMap(\.listItems) where offer.hasPrefix("bearer.") {
            return (String(offer.dropFirst("bearer.".count)), offer)
        }
        return nil
    }
}
