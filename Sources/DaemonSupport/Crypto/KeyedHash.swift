// SPDX-License-Identifier: Apache-2.0

/// A hash function with a secret key, for texts that somebody else chooses. It is much faster than `Hasher`.
///
/// A text is taken as a polynomial whose coefficients are its length and its bytes, seven at a time. The hash is the value at the key,
/// modulo the prime 2^61 − 1. Two different texts of n bytes have the same hash for at most n / 7 + 1 of all 2^61 keys (Carter and
/// Wegman, "Universal classes of hash functions", 1979). This holds as long as nobody outside sees a hash.
public struct KeyedHash: Sendable {
    private static let prime: UInt64 = 1 << 61 - 1
    private static let sevenBytes: UInt64 = 1 << 56 - 1

    private let key = UInt64.random(in: 1..<prime)

    /// A function with a random key.
    public init() {}

    /// The hash of a text.
    public func callAsFunction(_ text: UnsafeRawBufferPointer) -> UInt64 {
        var value = UInt64(text.count)
        var place = 0
        while place + 8 <= text.count {
            let word = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            value = next(value, word & Self.sevenBytes)
            place += 7
        }
        let rest = text[place...].reduce(0) { $0 << 8 | UInt64($1) }
        return next(value, rest) % Self.prime
    }

    /// `value * key + coefficient` modulo the prime, up to a multiple: below 2^62, so that the next product still fits.
    private func next(_ value: UInt64, _ coefficient: UInt64) -> UInt64 {
        let (high, low) = value.multipliedFullWidth(by: key)
        // 2^61 is 1 modulo the prime, so what is above bit 61 is added to what is below.
        let sum = (low & Self.prime) &+ (high << 3 | low >> 61) &+ coefficient
        return (sum & Self.prime) &+ sum >> 61
    }
}
