// SPDX-License-Identifier: Apache-2.0

/// When to give an answer up: nothing arrived for the timeout, or the longest time is over (three times the timeout where
/// nobody says otherwise).
///
/// So a large body may take longer than a small one, and no peer can hold a request for ever.
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
