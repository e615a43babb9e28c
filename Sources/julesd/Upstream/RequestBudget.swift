// SPDX-License-Identifier: Apache-2.0

/// Spends the requests that the API is asked at most in any 60 seconds. Reads no clock and makes no calls.
struct RequestBudget {
    /// Who asks.
    enum Purpose: Sendable, CaseIterable {
        /// A person waits for the answer.
        case user
        /// Readiness.
        case probe
        /// What keeps our copy fresh.
        case poll
        /// Reading the whole account again, or a session's history: important, but never urgent.
        case background
    }

    /// A second more than what is promised: requests are counted here when they set out, and there when they arrive.
    static let window = Duration.seconds(61)

    /// Requests in any 60 seconds, all purposes together.
    var limit: Int
    private var spent: [(at: Duration, purpose: Purpose)] = []

    init(limit: Int) { self.limit = limit }

    /// Takes one request at the monotonic time `now`: `nil` where it may go out, else how long to wait before asking again.
    mutating func take(for purpose: Purpose, at now: Duration) -> Duration? {
        expire(at: now)
        for (counted, allowed) in rules(for: purpose) {
            let matching = spent.filter { counted.contains($0.purpose) }
            guard matching.count >= allowed else { continue }
            // The wait ends when so many have left the window that one fits again.
            let leaving = matching[matching.count - allowed]
            return max(leaving.at + Self.window - now, .milliseconds(1))
        }
        spent.append((now, purpose))
        return nil
    }

    /// How many requests for `purpose` could go out at once.
    mutating func remaining(for purpose: Purpose, at now: Duration) -> Int {
        expire(at: now)
        let room = rules(for: purpose).map { counted, allowed in
            allowed - spent.count { counted.contains($0.purpose) }
        }
        return max(0, room.min() ?? 0)
    }

    private mutating func expire(at now: Duration) {
        if let first = spent.firstIndex(where: { $0.at + Self.window > now }) {
            spent.removeFirst(first)
        } else {
            spent.removeAll()
        }
    }

    private func rules(for purpose: Purpose) -> [(counted: Set<Purpose>, allowed: Int)] {
        let everything = (Set(Purpose.allCases), limit)
        let tenth = max(1, limit / 10)
        let daemonsOwn = (Set([Purpose.probe, .poll, .background]), max(1, limit - tenth))
        return switch purpose {
        case .user: [everything]
        case .probe: [everything, ([.probe], tenth)]
        case .poll: [everything, daemonsOwn]
        case .background: [everything, daemonsOwn, ([.background], max(1, limit / 2))]
        }
    }
}
