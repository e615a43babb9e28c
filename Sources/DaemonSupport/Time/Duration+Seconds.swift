// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// Whole seconds as `Retry-After` has them: never too few, at least one.
    public var roundedUpSeconds: Int64 {
        let (seconds, attoseconds) = components
        return max(1, attoseconds > 0 && seconds < .max ? seconds + 1 : seconds)
    }
}
