// SPDX-License-Identifier: Apache-2.0

/// The elements of a header field that is a list, without the blanks around them (RFC 9110 §5.6.1). None may contain a comma.
///
/// - Parameter fields: the values of all fields of that name.
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
