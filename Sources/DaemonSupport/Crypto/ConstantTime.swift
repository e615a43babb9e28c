// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// Comparison of secrets that tells a peer nothing through the time it takes.
public enum ConstantTime {
    /// Whether both texts have the same bytes. The digests are compared, so that not even a length shows in the timing.
    public static func equal(_ left: String, _ right: String) -> Bool {
        equal(digests: sha256(left.utf8), sha256(right.utf8))
    }

    /// Whether two digests of the same kind are equal.
    public static func equal(digests left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
