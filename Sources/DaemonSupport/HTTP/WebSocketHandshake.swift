// SPDX-License-Identifier: Apache-2.0

import CCrypto
public import NIOHTTP1

/// A client's opening handshake for a WebSocket (RFC 6455 §4.2.1).
public struct WebSocketHandshake: Sendable, Equatable {
    /// The subprotocols that the client offers, in its order of preference.
    public let subprotocols: [String]
    /// The value of `Sec-WebSocket-Accept`, which shows that the server understood the handshake.
    public var accept: String { acceptance(of: key) }
    fileprivate let key: String
}

/// Why a request is no opening handshake.
public enum WebSocketHandshakeError: Error, Equatable {
    /// It does not ask for a WebSocket: 426.
    case notUpgrade
    /// It asks for a version other than 13: 426 with `Sec-WebSocket-Version`.
    case version
    /// It is malformed: 400 with a sentence that says how.
    case malformed(String)

    /// The status of the answer.
    public var status: HTTPResponseStatus {
        switch self {
        case .notUpgrade, .version: .upgradeRequired
        case .malformed: .badRequest
        }
    }

    /// Header fields that the answer needs in addition.
    public var headers: HTTPHeaders {
        switch self {
        case .notUpgrade, .version: ["upgrade": "websocket", "sec-websocket-version": "13"]
        case .malformed: [:]
        }
    }

    /// The reason in a sentence.
    public var message: String {
        switch self {
        case .notUpgrade: "This address speaks WebSocket only."
        case .version: "The WebSocket version must be 13."
        case .malformed(let fault): fault
        }
    }
}

extension HTTPRequest {
    /// The handshake in this request, or why it is none.
    public func webSocketHandshake() -> Result<WebSocketHandshake, WebSocketHandshakeError> {
        guard headers[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" }),
            headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "upgrade" })
        else { return .failure(.notUpgrade) }
        guard method == .GET else { return .failure(.malformed("A WebSocket handshake must be a GET.")) }
        guard headers["sec-websocket-version"] == ["13"] else { return .failure(.version) }
        let keys = headers["sec-websocket-key"]
        guard keys.count == 1, isSixteenBytes(keys[0]) else {
            return .failure(.malformed("Sec-WebSocket-Key must be 16 bytes in base64."))
        }
        return .success(
            WebSocketHandshake(
                subprotocols: headers[canonicalForm: "sec-websocket-protocol"].map(String.init),
                key: keys[0]))
    }
}

/// Whether `key` is the base64 text of sixteen bytes: 22 digits and two padding characters.
private func isSixteenBytes(_ key: String) -> Bool {
    let bytes = Array(key.utf8)
    guard bytes.count == 24, bytes.suffix(2) == [UInt8(ascii: "="), UInt8(ascii: "=")] else { return false }
    return bytes.dropLast(2).allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}

/// The value of `Sec-WebSocket-Accept`: base64 of the SHA-1 of the key and a constant (RFC 6455 §4.2.2).
private func acceptance(of key: String) -> String {
    Base64.encode(sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
}
