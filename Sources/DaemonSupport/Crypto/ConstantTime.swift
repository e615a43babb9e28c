// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// Comparison of secrets that takes the same time whatever their contents.
public enum ConstantTime {
    /// Whether both texts have the same bytes. It compares their digests, so the time does not show a length either.
    public static func equal(_ left: String, _ right: String) -> Bool {
        equal(digests: sha256(left.utf8), sha256(right.utf8))
    }

    /// Whether two digests of the same algorithm are equal.
    public static func equal(digests left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
