// SPDX-License-Identifier: Apache-2.0

/// When the client gives an answer up: nothing arrived during the timeout, or the longest time is over (by default
/// three times the timeout).
///
/// A large body may take longer than a small one, but no server can hold a request for ever.
struct AnswerDeadline {
    private let timeout: Duration
    private let end: ContinuousClock.Instant
    private var lastArrival: ContinuousClock.Instant

    init(timeout: Duration, longest: Duration? = nil, from start: ContinuousClock.Instant) {
        self.timeout = timeout
        end = start + (longest ?? timeout * 3)
        lastArrival = start
    }

    var deadline: ContinuousClock.Instant { min(end, lastArrival + timeout) }

    mutating func somethingArrived(at now: ContinuousClock.Instant) { lastArrival = now }
}
