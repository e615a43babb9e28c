// SPDX-License-Identifier: Apache-2.0

/// Decides whether a failed call is repeated, and after what pause. Reads no clock and uses no random numbers of its own.
struct RetryPolicy: Sendable {
    /// Whether a call may be repeated.
    enum Effect: Sendable {
        /// Reading, and deleting: a second time changes nothing.
        case repeatable
        /// Creating, approving, sending: only if the API says that it did not accept the request.
        case once
    }

    /// How many times a call is made at most.
    var attempts = 4
    /// The longest pause after the first failure. It doubles with each further one, up to `ceiling`.
    var base = Duration.milliseconds(500)
    /// The longest pause if the API does not ask for one.
    var ceiling = Duration.seconds(30)
    /// The longest pause that the API can ask for.
    var retryAfterCap = Duration.seconds(60)

    /// The pause before the next attempt; `nil` to give up.
    ///
    /// The pause is random in the whole range ("full jitter"), so that many clients that failed together do not return
    /// together.
    ///
    /// - Parameters:
    ///   - attempt: how many times the call was made, at least 1.
    ///   - random: from 0 up to but not including 1.
    func pause(after error: UpstreamError, attempt: Int, effect: Effect, random: Double) -> Duration? {
        guard attempt < attempts, error.isTransient, effect == .repeatable || error.isThrottling else { return nil }
        // Beyond 2^20 the ceiling always wins; capping the shift avoids overflow.
        let jitter = min(base * (1 << min(attempt - 1, 20)), ceiling) * random
        guard let retryAfter = error.retryAfter else { return jitter }
        // Never sooner than the API asked, and still random.
        return min(retryAfter, retryAfterCap) + min(jitter, base)
    }
}

extension UpstreamError {
    fileprivate var isThrottling: Bool { if case .throttled = self { true } else { false } }
}
