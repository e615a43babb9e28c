// SPDX-License-Identifier: Apache-2.0

extension StringProtocol {
    /// The items of a comma-separated list, without the white space around them; empty items do not count.
    public var listItems: [String] {
        // By scalars: an accent behind a comma or a space would make one character of the two.
        String(self).unicodeScalars.split(separator: ",").compactMap { item in
            let words = item.split(whereSeparator: \.properties.isWhitespace)
            guard let first = words.first, let last = words.last else { return nil }
            return String(item[first.startIndex..<last.endIndex])
        }
    }
}
