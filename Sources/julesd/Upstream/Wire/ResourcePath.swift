// SPDX-License-Identifier: Apache-2.0

/// A path below the API's base. Its segments are percent-encoded, the slashes between them are not. It may have a `:verb` and
/// a query.
struct ResourcePath {
    let text: String

    init(_ segments: [String], verb: String? = nil, query: [(String, String?)] = []) {
        var text = segments.map { "/" + Self.encode($0) }.joined()
        if let verb { text += ":" + verb }
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(Self.encode($0))" } }
        if !pairs.isEmpty { text += "?" + pairs.joined(separator: "&") }
        self.text = text
    }

    /// Encodes everything except the unreserved characters (RFC 3986 §2.3). The dots of `.` and `..` are encoded too, because
    /// these names mean other folders.
    private static func encode(_ segment: String) -> String {
        let isDots = segment == "." || segment == ".."
        var text = ""
        for byte in segment.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: ".") where !isDots: text += "."
            default: text += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }
}
