// SPDX-License-Identifier: Apache-2.0

/// Chooses the pause before the next poll. Reads no clock and makes no calls.
struct PollCadence {
    enum Outcome {
        /// Answered; `active` where any session may change by itself, `changed` where this poll brought something new.
        case answered(active: Bool, changed: Bool)
        /// Answered, but the answer could not be stored.
        case unstored
        case failed(UpstreamError)
    }

    /// However long the API asks to wait, a slip of a digit must not stop the feed for ever.
    static let longestRetryAfter = Duration.seconds(600)

    /// How long one of the daemon's own requests waits for its turn.
    static let patience = Duration.seconds(10)

    /// Sessions may have been missed if polls brought nothing for so much longer than planned.
    static let longestOutage = Duration.seconds(60)

    /// The fastest pause: POLL_INTERVAL, or the slowest where that is longer.
    var base: Duration
    /// The slowest, unless the API asks for more.
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

    /// The pause after a poll that took so long: polls keep their beat, so what one took is part of the pause.
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
            // Such a key does not mend itself by asking; once a minute notices when it was mended.
            return ceiling
        case .failed(let error):
            failures += 1
            return max(backedOff(failures - 1), min(error.retryAfter ?? .zero, Self.longestRetryAfter))
        }
    }

    /// Notes that a poll which began at `now` was stored. True if polls had brought nothing for so long before it, whatever the
    /// reason, that more may have happened than it shows.
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
