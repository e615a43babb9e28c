// SPDX-License-Identifier: Apache-2.0

// Unicode's normal forms, which the standard library has but does not publish. The only other source is ICU.
@_spi(_Unicode) import Swift

extension String {
    /// The form of the text for searches: any case and both forms of an accented letter become the same.
    ///
    /// Canonical caseless matching (Unicode 16.0, section 3.13, D145), through upper case: this also makes `ς` and `σ` equal,
    /// and `ß` and `ss`.
    var searchText: String {
        guard !utf8.allSatisfy({ $0 < 0x80 }) else { return lowercased() }
        return String(String.UnicodeScalarView(uppercased().lowercased()._nfc))
    }
}
