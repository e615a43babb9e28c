// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// The duration in whole seconds for `Retry-After`: rounded up, at least 1.
    public var roundedUpSeconds: Int64 {
        let (seconds, attoseconds) = components
        return max(1, attoseconds > 0 && seconds < .max ? seconds + 1 : seconds)
    }
}
