// SPDX-License-Identifier: Apache-2.0

/// The forms of names in the API's paths. A name of another form cannot exist there and is never sent, because a slash, a
/// colon or dots would name another resource.
enum ResourceID {
    /// Whether a session can have this id: 1 to 128 ASCII letters, digits, `-` and `_`. The API uses digits.
    static func isSession(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy(isPlain)
    }

    /// Whether this is the name of a repository, `owner/name`, as GitHub allows it.
    static func isRepository(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy(isName)
    }

    /// Whether a source can have this name: `sources/` and one to eight parts of these characters and dots, such as
    /// `sources/github/owner/name`.
    static func isSource(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return (2...9).contains(parts.count) && parts[0].elementsEqual("sources".utf8)
            && parts.dropFirst().allSatisfy(isName)
    }

    private static func isName(_ part: Substring.UTF8View) -> Bool {
        (1...128).contains(part.count) && part.allSatisfy { isPlain($0) || $0 == UInt8(ascii: ".") }
            && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch Unicode.Scalar(byte) {
        case "a"..."z", "A"..."Z", "0"..."9", "-", "_": true
        default: false
        }
    }
}
