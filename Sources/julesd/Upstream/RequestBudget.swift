// SPDX-License-Identifier: Apache-2.0

/// Limits how many requests the API gets in any 60 seconds. Reads no clock and makes no calls.
///
/// Two shares are reserved: a tenth for people, and what the poll of the newest page needs at POLL_INTERVAL (at most half of
/// the budget). The first to come gets the rest.
struct RequestBudget {
    /// Why a request is made. The order is that of urgency: if two wait, the earlier case goes first. Instances that share a store
    /// keep the raw values there.
    enum Purpose: Int, Sendable, CaseIterable {
        /// A person waits for the answer.
        case user
        /// The readiness probe.
        case probe
        /// The poll of the newest page, and the first read of the account.
        case poll
        /// The activities of sessions that clients follow.
        case followed
        /// To read the whole account again, or a session's history: important, but never urgent.
        case background
    }

    /// A request that has been taken from the budget.
    struct Request: Sendable, Equatable {
        let at: Duration
        let purpose: Purpose
    }

    /// A second more than promised, because requests are counted here when they leave, and at the API when they arrive.
    static let window = Duration.seconds(61)

    /// Requests in any 60 seconds, for all purposes.
    var limit: Int
    /// The time between two polls of the newest page; `nil` reserves nothing for polls.
    var pollInterval: Duration?
    private var spent: [Request] = []
    private var counts = Counts()

    init(limit: Int, pollInterval: Duration? = nil) {
        self.limit = limit
        self.pollInterval = pollInterval
    }

    /// Takes one request from the budget at the monotonic time `now`. Returns `nil` if it may be sent, else how long to wait.
    mutating func take(for purpose: Purpose, at now: Duration) -> Duration? {
        if let pause = pause(before: purpose, at: now) { return pause }
        spent.append(Request(at: now, purpose: purpose))
        counts[purpose] += 1
        return nil
    }

    /// Counts these requests, in the order of their times, and forgets all others.
    mutating func learn(_ requests: [Request]) {
        spent = requests
        counts = Counts()
        for request in requests { counts[request.purpose] += 1 }
    }

    /// How long a request for `purpose` has to wait for the budget; `nil` if it may be sent now.
    mutating func pause(before purpose: Purpose, at now: Duration) -> Duration? {
        expire(at: now)
        var counts = counts
        if remaining(for: purpose, counts) > 0 { return nil }
        // The wait ends when enough requests have left the window.
        for request in spent {
            counts[request.purpose] -= 1
            if remaining(for: purpose, counts) > 0 { return max(request.at + Self.window - now, .milliseconds(1)) }
        }
        return Self.window
    }

    /// How many requests for `purpose` could be sent at once.
    mutating func remaining(for purpose: Purpose, at now: Duration) -> Int {
        expire(at: now)
        return max(0, remaining(for: purpose, counts))
    }

    /// The shortest interval at which each of `count` sessions can be read all the time, from the part of the budget that is
    /// not reserved.
    ///
    /// Faster reads would use up that part in a burst, and then nothing would be left until the burst is a minute old.
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

    /// What is reserved for one purpose.
    private func reserve(for purpose: Purpose) -> Int {
        switch purpose {
        case .user: tenth
        case .poll:
            min(limit / 2, pollInterval.map { Int((Self.window / max($0, .milliseconds(1))).rounded(.up)) + 1 } ?? 0)
        case .probe, .followed, .background: 0
        }
    }

    /// What a purpose may use at most, even if more is left.
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
