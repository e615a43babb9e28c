// SPDX-License-Identifier: Apache-2.0

// Unicode's normal forms, which the standard library knows and does not offer; nothing smaller than ICU has them besides.
@_spi(_Unicode) import Swift

extension String {
    /// The text as it is searched: any case and either form of an accented letter come out the same.
    ///
    /// Canonical caseless matching (Unicode 16.0, section 3.13, D145), by way of upper case: that also makes one letter of `ς` and `σ`,
    /// and `ss` of `ß`.
    var searchText: String {
        guard !utf8.allSatisfy({ $0 < 0x80 }) else { return lowercased() }
        return String(String.UnicodeScalarView(uppercased().lowercased()._nfc))
    }
}
