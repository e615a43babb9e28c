// SPDX-License-Identifier: Apache-2.0

/// A strong validator (RFC 9110 §8.8.3): two answers with the same tag have the same bytes.
struct EntityTag: Equatable {
    /// The value of the `ETag` field, with its quotes.
    let field: String

    /// The tag of a body.
    ///
    /// - Parameter coding: the content coding of the body. Another coding gives other bytes, and so needs another tag.
    init(of body: [UInt8], coding: String? = nil) {
        let digest = hexadecimal(sha256(body).prefix(16))
        field = "\"\(digest)\(coding.map { "-\($0)" } ?? "")\""
    }

    /// Whether `If-None-Match` names this tag or `*`. The comparison is weak (RFC 9110 §13.1.2).
    ///
    /// - Parameter fields: the values of all `If-None-Match` fields. Our own tags contain no comma, so a comma always
    ///   separates.
    func isNamed(in fields: [String]) -> Bool {
        listElements(of: fields).contains { tag in
            tag == "*" || (tag.hasPrefix("W/") ? tag.dropFirst(2) : tag) == field
        }
    }
}
