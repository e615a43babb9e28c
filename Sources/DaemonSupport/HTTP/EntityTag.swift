// SPDX-License-Identifier: Apache-2.0

/// A strong validator (RFC 9110 §8.8.3): two answers with the same tag have the same bytes.
struct EntityTag: Equatable {
    /// The value of the `ETag` field, with its quotes.
    let field: String

    /// The tag of a body.
    init(of body: some Collection<UInt8>) {
        field = "\"\(hexadecimal(sha256(body).prefix(16)))\""
    }

    private init(field: String) { self.field = field }

    /// The tag of the same body in a content coding. The coded bytes are other bytes, and so need another tag.
    func coded(_ coding: String) -> EntityTag { EntityTag(field: "\(field.dropLast())-\(coding)\"") }

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
