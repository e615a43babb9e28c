// SPDX-License-Identifier: Apache-2.0

/// The elements of header fields with list values, without the blanks around them (RFC 9110 §5.6.1). Elements must not
/// contain a comma.
///
/// - Parameter fields: the values of all fields with the same name.
func listElements(of fields: [String]) -> [Substring] {
    fields.flatMap { $0.split(separator: ",").map(\.withoutBlanks).filter { !$0.isEmpty } }
}

extension Substring {
    /// Without the blanks at either end.
    var withoutBlanks: Substring {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        var rest = drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }
}
