// SPDX-License-Identifier: Apache-2.0

/// Spends the requests that the API is asked at most in any 60 seconds. Reads no clock and makes no calls.
///
/// Two shares are reserved, so that nobody else can spend them: a tenth for people, and what the poll of the newest page needs to
/// keep POLL_INTERVAL (at most half of the budget). Everything else goes to whoever comes first.
struct RequestBudget {
    /// Who asks. The order is that of urgency: of two who wait, the earlier case goes first.
    enum Purpose: Int, Sendable, CaseIterable {
        /// A person waits for the answer.
        case user
        /// Readiness.
        case probe
        /// The poll of the newest page, and the first reading of the account.
        case poll
        /// The activities of sessions that clients follow.
        case followed
        /// Reading the whole account again, or a session's history: important, but never urgent.
        case background
    }

    /// A second more than what is promised: requests are counted here when they set out, and there when they arrive.
    static let window = Duration.seconds(61)

    /// Requests in any 60 seconds, all purposes together.
    var limit: Int
    /// The time between two polls of the newest page; `nil` reserves nothing for them.
    var pollInterval: Duration?
    private var spent: [(at: Duration, purpose: Purpose)] = []
    private var counts = Counts()

    init(limit: Int, pollInterval: Duration? = nil) {
        self.limit = limit
        self.pollInterval = pollInterval
    }

    /// Takes one request at the monotonic time `now`: `nil` if it may go out, else how long to wait before asking again.
    mutating func take(for purpose: Purpose, at now: Duration) -> Duration? {
        if let pause = pause(before: purpose, at: now) { return pause }
        spent.append((now, purpose))
        counts[purpose] += 1
        return nil
    }

    /// How long a request for `purpose` has to wait for the budget; `nil` if it may go out now.
    mutating func pause(before purpose: Purpose, at now: Duration) -> Duration? {
        expire(at: now)
        var counts = counts
        if remaining(for: purpose, counts) > 0 { return nil }
        // The wait ends when so many have left the window that one fits again.
        for request in spent {
            counts[request.purpose] -= 1
            if remaining(for: purpose, counts) > 0 { return max(request.at + Self.window - now, .milliseconds(1)) }
        }
        return Self.window
    }

    /// How many requests for `purpose` could go out at once.
    mutating func remaining(for purpose: Purpose, at now: Duration) -> Int {
        expire(at: now)
        return max(0, remaining(for: purpose, counts))
    }

    /// How often each of `count` sessions can be read for good in what is reserved for nobody.
    ///
    /// Who reads them faster spends his share in a burst, and is then left with nothing until that is a minute ago.
    func sustainableInterval(of count: Int) -> Duration {
        Self.window * count / max(1, limit - reserve(for: .user) - reserve(for: .poll))
    }

    private mutating func expire(at now: Duration) {
        let expired = spent.prefix { $0.at + Self.window <= now }
        for request in expired { counts[request.purpose] -= 1 }
        spent.removeFirst(expired.count)
    }

    private func remaining(for purpose: Purpose, _ counts: Counts) -> Int {
        let reservedForOthers = [Purpose.user, .poll].filter { $0 != purpose }
            .reduce(0) { $0 + max(0, reserve(for: $1) - counts[$1]) }
        return min(limit - counts.total - reservedForOthers, most(for: purpose) - counts[purpose])
    }

    private var tenth: Int { max(1, limit / 10) }

    /// What nobody else may spend.
    private func reserve(for purpose: Purpose) -> Int {
        switch purpose {
        case .user: tenth
        case .poll:
            min(limit / 2, pollInterval.map { Int((Self.window / max($0, .milliseconds(1))).rounded(.up)) + 1 } ?? 0)
        case .probe, .followed, .background: 0
        }
    }

    /// What a purpose may spend, however much is left.
    private func most(for purpose: Purpose) -> Int {
        switch purpose {
        case .user, .poll, .followed: limit
        case .probe: tenth
        case .background: max(1, limit / 2)
        }
    }

    /// How many requests of each purpose are in the window.
    private struct Counts {
        private var numbers = Array(repeating: 0, count: Purpose.allCases.count)
        private(set) var total = 0

        subscript(purpose: Purpose) -> Int {
            get { numbers[purpose.rawValue] }
            set {
                total += newValue - numbers[purpose.rawValue]
                numbers[purpose.rawValue] = newValue
            }
        }
    }
}
