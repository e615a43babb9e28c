// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// The duration in nanoseconds, rounded toward zero. If it does not fit 64 bits, the nearest 64-bit integer.
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }
}
