// SPDX-License-Identifier: Apache-2.0

/// Decides the pause before the next poll. Reads no clock and makes no calls.
struct PollCadence {
    enum Outcome {
        /// Answered. `active`: a session may change by itself. `changed`: this poll brought something new.
        case answered(active: Bool, changed: Bool)
        /// Answered, but the store failed.
        case unstored
        case failed(UpstreamError)
    }

    /// The longest pause that Retry-After can cause. A wrong digit must not stop the feed for ever.
    static let longestRetryAfter = Duration.seconds(600)

    /// How long one of the daemon's own requests waits for its turn.
    static let patience = Duration.seconds(10)

    /// If polls brought nothing for so much longer than planned, sessions may have been missed.
    static let longestOutage = Duration.seconds(60)

    /// POLL_INTERVAL. If it is longer than `ceiling`, the fastest pause is `ceiling`.
    var base: Duration
    /// The slowest pause, unless the API asks for a longer one.
    let ceiling: Duration
    private var quiet = 0
    private var failures = 0
    /// When the last poll that was stored began.
    private var lastAnswer: Duration?
    /// The pause that followed it.
    private var planned = Duration.zero

    init(base: Duration, ceiling: Duration = .seconds(60)) {
        self.base = base
        self.ceiling = ceiling
    }

    /// The shortest pause.
    var fastest: Duration { min(base, ceiling) }

    /// The pause after a poll that took `took`. The time of the poll is part of the pause, so that polls begin at regular
    /// times.
    mutating func pause(after outcome: Outcome, took: Duration) -> Duration {
        let pause = pause(after: outcome)
        guard case .answered = outcome else { return pause }
        return max(pause - took, base / 2)
    }

    mutating func pause(after outcome: Outcome) -> Duration {
        switch outcome {
        case .answered(let active, let changed):
            failures = 0
            quiet = active || changed ? 0 : quiet + 1
            planned = backedOff(quiet)
            return planned
        case .unstored:
            return fastest
        case .failed(.keyRejected), .failed(.otherAccount):
            // The key does not become valid by polling. Once a minute is enough to notice that somebody corrected it.
            return ceiling
        case .failed(let error):
            failures += 1
            return max(backedOff(failures - 1), min(error.retryAfter ?? .zero, Self.longestRetryAfter))
        }
    }

    /// Records that a poll that began at `now` was stored. Returns whether polls had brought nothing for so long that more
    /// may have happened than this poll shows.
    mutating func noteAnswer(at now: Duration) -> Bool {
        defer { lastAnswer = now }
        return lastAnswer.map { now - $0 > planned + Self.longestOutage } ?? false
    }

    /// Somebody did something: the next pauses are short again.
    mutating func quicken() { quiet = 0 }

    private func backedOff(_ steps: Int) -> Duration {
        // Beyond 2^10 the ceiling always wins; capping the shift avoids overflow.
        min(base * (1 << min(steps, 10)), ceiling)
    }
}
