// SPDX-License-Identifier: Apache-2.0

/// A strong validator: two answers with the same tag have the same bytes (RFC 9110 §8.8.3).
struct EntityTag: Equatable {
    /// As the `ETag` field has it, quotes included.
    let field: String

    /// The tag of a body.
    ///
    /// - Parameter coding: how the body is sent; another coding has other bytes and so another tag.
    init(of body: [UInt8], coding: String? = nil) {
        let digest = hexadecimal(sha256(body).prefix(16))
        field = "\"\(digest)\(coding.map { "-\($0)" } ?? "")\""
    }

    /// Whether `If-None-Match` names this tag, or any. The comparison is weak, as RFC 9110 §13.1.2 has it.
    ///
    /// - Parameter fields: the values of all `If-None-Match` fields. A tag of ours has no comma.
    func isNamed(in fields: [String]) -> Bool {
        listElements(of: fields).contains { tag in
            tag == "*" || (tag.hasPrefix("W/") ? tag.dropFirst(2) : tag) == field
        }
    }
}
