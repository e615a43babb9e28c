// SPDX-License-Identifier: Apache-2.0

/// Decides whether, and after what pause, a failed call is made again. Reads no clock and rolls no dice.
struct RetryPolicy: Sendable {
    /// What may be done again without harm.
    enum Effect: Sendable {
        /// Reading, and deleting: a second time changes nothing.
        case repeatable
        /// Creating, approving, sending: only where the API says that it did not take the request.
        case once
    }

    /// How often a call is made at most.
    var attempts = 4
    /// The longest pause after the first failure; it doubles with each further one, up to `ceiling`.
    var base = Duration.milliseconds(500)
    /// The longest pause of our own choice.
    var ceiling = Duration.seconds(30)
    /// The longest pause that the API's wish can bring about.
    var retryAfterCap = Duration.seconds(60)

    /// The pause before the next attempt; `nil` means to give up.
    ///
    /// The pause is drawn from the whole range ("full jitter"), so that many clients which failed together do not come
    /// back together.
    ///
    /// - Parameters:
    ///   - attempt: How often the call was made, at least 1.
    ///   - random: From 0 up to but not including 1.
    func pause(after error: UpstreamError, attempt: Int, effect: Effect, random: Double) -> Duration? {
        guard attempt < attempts, error.isTransient, effect == .repeatable || error.isThrottling else { return nil }
        // Beyond 2^20 the ceiling always wins; capping the shift avoids overflow.
        let jitter = min(base * (1 << min(attempt - 1, 20)), ceiling) * random
        guard let retryAfter = error.retryAfter else { return jitter }
        // Never sooner than asked for, and still spread.
        return min(retryAfter, retryAfterCap) + min(jitter, base)
    }
}

extension UpstreamError {
    fileprivate var isThrottling: Bool { if case .throttled = self { true } else { false } }
}
