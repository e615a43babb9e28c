// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOHTTP1

extension HTTPResponse {
    /// What becomes of the connection after an answer (RFC 9112 §9.3).
    enum Persistence {
        /// It stays, as HTTP/1.1 clients expect.
        case keepAlive
        /// It stays, which HTTP/1.0 clients need to be told.
        case announcedKeepAlive
        /// It closes.
        case close
        /// It becomes something else (101).
        case upgrade
    }

    /// Writes status line, header fields and the empty line that ends them.
    ///
    /// - Parameters:
    ///   - contentLength: the length to announce; `nil` for an answer that ends with the connection or has no body.
    ///   - date: the `Date` header's value.
    func writeHead(to buffer: inout ByteBuffer, contentLength: Int?, persistence: Persistence, date: String) {
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString(String(status.code))
        buffer.writeStaticString(" ")
        buffer.writeString(status.reasonPhrase)
        buffer.writeStaticString("\r\ndate: ")
        buffer.writeString(date)
        for (name, value) in headers where !name.isFramingField {
            buffer.writeStaticString("\r\n")
            buffer.writeField(name)
            buffer.writeStaticString(": ")
            buffer.writeField(value)
        }
        if let contentLength {
            buffer.writeStaticString("\r\ncontent-length: ")
            buffer.writeString(String(contentLength))
        }
        switch persistence {
        case .keepAlive: break
        case .announcedKeepAlive: buffer.writeStaticString("\r\nconnection: keep-alive")
        // A 426 names what to upgrade to, and that field must be named here (RFC 9110 §7.8).
        case .close where headers.contains(name: "upgrade"):
            buffer.writeStaticString("\r\nconnection: upgrade, close")
        case .close: buffer.writeStaticString("\r\nconnection: close")
        case .upgrade: buffer.writeStaticString("\r\nconnection: upgrade")
        }
        buffer.writeStaticString("\r\n\r\n")
    }

    /// Whether an answer with this status may have a body at all (RFC 9110 §6.4.1).
    var mayHaveBody: Bool {
        status.code >= 200 && status != .noContent && status != .notModified
    }
}

extension String {
    /// The fields the server alone writes.
    fileprivate var isFramingField: Bool {
        switch utf8.count {
        case 4: lowercased() == "date"
        case 10: lowercased() == "connection"
        case 14: lowercased() == "content-length"
        case 17: lowercased() == "transfer-encoding"
        default: false
        }
    }
}

extension ByteBuffer {
    /// Writes a field's name or value; bytes that could end it become spaces, so that no value can add a header.
    fileprivate mutating func writeField(_ text: String) {
        if text.utf8.contains(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 }) {
            writeBytes(text.utf8.map { $0 == 0x0D || $0 == 0x0A || $0 == 0 ? 0x20 : $0 })
        } else {
            writeString(text)
        }
    }
}
