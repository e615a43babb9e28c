// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

@testable import DaemonSupport
@testable import julesd

extension Fuzzer {
    /// The value of a header field, given to every parser of header fields.
    static let headers = Fuzzer(
        "headers",
        text: { text in
            let items = text.listItems
            promise(items.allSatisfy { !$0.isEmpty && !$0.utf8.contains(UInt8(ascii: ",")) }, "items have no commas")
            promise(items.joined(separator: ", ").listItems == items, "a list survives")

            if let token = BearerToken.presented(authorization: text) {
                promise(
                    BearerToken.presented(authorization: "Bearer \(token)")?.bytes == token.bytes, "a token survives")
                promise(!token.hasPrefix(" "), "a token begins behind the spaces")
            }
            if let offer = BearerToken.presented(subprotocols: [text]) {
                promise(offer.subprotocol.bytes == "bearer.\(offer.token)".bytes, "the subprotocol is the one offered")
                promise(items.contains(offer.subprotocol), "the answer was offered")
            }
            let origins = CrossOrigin([])
            promise(origins.verdict(origin: text, host: nil) == .refused, "a foreign origin is refused")
            if origins.verdict(origin: "https://a.example", host: text) == .sameOrigin {
                promise(WebURL.hostAndPort(text)?.host == "a.example", "\(text) is not a.example")
            }
            let request = HTTPRequest(
                method: .GET, target: "/ws",
                headers: [
                    "connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
                    "sec-websocket-key": text,
                ], peer: .unix(.init(uid: 0, gids: [])))
            if case .success(let handshake) = request.webSocketHandshake() {
                promise(text.utf8.count == 24, "a key is 16 bytes in base64")
                promise(Base64.decode(handshake.accept)?.count == 20, "its proof is a SHA-1")
            }
        })
}
