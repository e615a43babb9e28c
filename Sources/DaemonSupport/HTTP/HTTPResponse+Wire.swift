// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOHTTP1

extension HTTPResponse {
    /// What happens to the connection after an answer (RFC 9112 §9.3).
    enum Persistence {
        /// It stays open, as HTTP/1.1 clients expect.
        case keepAlive
        /// It stays open, and a field says so, as HTTP/1.0 clients need it.
        case announcedKeepAlive
        /// It closes.
        case close
        /// It changes to another protocol (101).
        case upgrade
    }

    /// Writes the status line, the header fields and the empty line after them.
    ///
    /// - Parameters:
    ///  - contentLength: the value of `Content-Length`; `nil` if the body ends with the connection or there is none.
    ///   - date: the value of the `Date` header field.
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
        // A 426 has an `Upgrade` field, and `Connection` must name that field (RFC 9110 §7.8).
        case .close where headers.contains(name: "upgrade"):
            buffer.writeStaticString("\r\nconnection: upgrade, close")
        case .close: buffer.writeStaticString("\r\nconnection: close")
        case .upgrade: buffer.writeStaticString("\r\nconnection: upgrade")
        }
        buffer.writeStaticString("\r\n\r\n")
    }

    /// Whether an answer with this status may have a body (RFC 9110 §6.4.1).
    var mayHaveBody: Bool {
        status.code >= 200 && status != .noContent && status != .notModified
    }
}

extension String {
    /// Whether only the server writes this field.
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
    /// Writes a field's name or value. Bytes that would end the line become spaces, so that a value cannot add a header
    /// field.
    fileprivate mutating func writeField(_ text: String) {
        if text.utf8.contains(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 }) {
            writeBytes(text.utf8.map { $0 == 0x0D || $0 == 0x0A || $0 == 0 ? 0x20 : $0 })
        } else {
            writeString(text)
        }
    }
}
