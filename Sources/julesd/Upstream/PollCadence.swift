// SPDX-License-Identifier: Apache-2.0

/// Chooses the pause before the next poll. Reads no clock and makes no calls.
struct PollCadence {
    enum Outcome {
        /// Answered; `active` where any session may change by itself, `changed` where this poll brought something new.
        case answered(active: Bool, changed: Bool)
        case failed(UpstreamError)
    }

    /// However long the API asks to wait, a slip of a digit must not stop the feed for ever.
    static let longestRetryAfter = Duration.seconds(600)

    /// A longer wait is taken in pieces of this length, so that a watchdog sees somebody alive.
    static let beat = Duration.seconds(10)

    /// The fastest pause: POLL_INTERVAL, or the slowest where that is longer.
    var base: Duration
    /// The slowest, unless the API asks for more.
    let ceiling: Duration
    private var quiet = 0
    private var failures = 0

    init(base: Duration, ceiling: Duration = .seconds(60)) {
        self.base = base
        self.ceiling = ceiling
    }

    mutating func pause(after outcome: Outcome) -> Duration {
        switch outcome {
        case .answered(let active, let changed):
            failures = 0
            quiet = active || changed ? 0 : quiet + 1
            return backedOff(quiet)
        case .failed(.keyRejected):
            // A refused key does not mend itself by asking; once a minute notices when it was mended.
            return ceiling
        case .failed(let error):
            failures += 1
            return max(backedOff(failures - 1), min(error.retryAfter ?? .zero, Self.longestRetryAfter))
        }
    }

    /// Somebody did something: the next pauses are short again.
    mutating func quicken() { quiet = 0 }

    private func backedOff(_ steps: Int) -> Duration {
        // Beyond 2^10 the ceiling always wins; capping the shift avoids overflow.
        min(base * (1 << min(steps, 10)), ceiling)
    }
}
