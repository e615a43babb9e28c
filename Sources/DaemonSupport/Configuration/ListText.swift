// SPDX-License-Identifier: Apache-2.0

extension StringProtocol {
    /// The items of a comma-separated list, without the white space around them. Empty items are left out.
    public var listItems: [String] {
        // By scalars, because an accent directly after a comma or a space forms one `Character` with it.
        String(self).unicodeScalars.split(separator: ",").compactMap { item in
            let words = item.split(whereSeparator: \.properties.isWhitespace)
            guard let first = words.first, let last = words.last else { return nil }
            return String(item[first.startIndex..<last.endIndex])
        }
    }
}
