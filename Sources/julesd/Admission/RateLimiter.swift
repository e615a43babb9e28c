// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Counts the requests of each client address on each route in the last minute, or in another window. Reads no clock.
///
/// Requests are counted by the second. A second counts until all of it is outside the window, so no 60 s admit more requests
/// than the limit. Refused requests do not count.
struct RateLimiter: Sendable {
    /// The decision about one request, with the numbers for its `RateLimit` fields.
    struct Verdict: Sendable, Equatable {
        let isAdmitted: Bool
        let limit: Int
        let remaining: Int
        /// Seconds until the oldest counted requests no longer count, without the fraction of a second beyond the window.
        let resetSeconds: Int
        var window: UInt32 = 60

        /// The value of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
        func policyField(route: String) -> String { "\(quoted(route));q=\(limit);w=\(window)" }

        /// The value of `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
        func stateField(route: String) -> String {
            "\(quoted(route));r=\(remaining);t=\(resetSeconds)"
        }

        /// A string of RFC 9651 §3.3.3.
        private func quoted(_ text: String) -> String {
            "\"" + text.flatMap { "\"\\".contains($0) ? "\\\($0)" : "\($0)" } + "\""
        }
    }

    private struct Key: Hashable {
        let client: IPAddress
        let route: String
    }

    /// The counted requests of one key, by second, oldest first.
    private struct Counts {
        var seconds: [(second: UInt32, count: UInt32)] = []

        var total: Int { seconds.reduce(0) { $0 + Int($1.count) } }

        mutating func dropOld(at second: UInt32, window: UInt32) {
            seconds.removeAll { $0.second + window < second }
        }

        mutating func add(at second: UInt32) {
            if let last = seconds.indices.last, seconds[last].second >= second {
                seconds[last].count += 1
            } else {
                seconds.append((second, 1))
            }
        }
    }

    private let window: UInt32
    private let capacity: Int
    private let origin: ContinuousClock.Instant
    // Two generations, so that no search for idle keys is needed: a key that is used moves to the young generation. If that
    // one is a window old, or full, it becomes the old one, and the former old one is dropped.
    private var young: [Key: Counts] = [:]
    private var old: [Key: Counts] = [:]
    private var youngSince: UInt32 = 0

    /// - Parameters:
    ///   - window: the length of the window in seconds.
    ///   - capacity: how many keys are remembered at least. At most twice as many use memory. If more clients come in one
    ///     minute, those that have been idle longest start again.
    ///   - origin: an instant that is not after any request.
    init(window: UInt32 = 60, capacity: Int = 8192, origin: ContinuousClock.Instant) {
        self.window = window
        self.capacity = capacity
        self.origin = origin
    }

    /// Counts a request if the limit allows it.
    ///
    /// - Parameters:
    ///   - route: the route's template, not its path.
    ///   - limit: requests a minute, above 0.
    mutating func admit(
        client: IPAddress, route: String, limit: Int, at now: ContinuousClock.Instant
    ) -> Verdict {
        let second = self.second(at: now)
        age(at: second)
        let key = Key(client: client, route: route)
        var counts = young.removeValue(forKey: key) ?? old.removeValue(forKey: key) ?? Counts()
        counts.dropOld(at: second, window: window)
        let verdict = verdict(counts, limit: limit, at: second)
        if verdict.isAdmitted { counts.add(at: second) }
        young[key] = counts
        return verdict
    }

    /// The decision that a request would get. The request is not counted, and its client is not remembered.
    func foresee(client: IPAddress, route: String, limit: Int, at now: ContinuousClock.Instant) -> Verdict {
        let second = second(at: now)
        let key = Key(client: client, route: route)
        var counts = young[key] ?? old[key] ?? Counts()
        counts.dropOld(at: second, window: window)
        return verdict(counts, limit: limit, at: second)
    }

    /// How many keys are remembered.
    var count: Int { young.count + old.count }

    private func second(at now: ContinuousClock.Instant) -> UInt32 {
        UInt32(clamping: origin.duration(to: now).components.seconds)
    }

    private func verdict(_ counts: Counts, limit: Int, at second: UInt32) -> Verdict {
        let used = counts.total
        let oldest = counts.seconds.first?.second ?? second
        return Verdict(
            isAdmitted: used < limit, limit: limit, remaining: max(0, limit - used - 1),
            resetSeconds: Int(min(window, oldest + window + 1 - second)), window: window)
    }

    private mutating func age(at second: UInt32) {
        guard second > youngSince + window || young.count >= capacity else { return }
        old = young
        young = [:]
        youngSince = second
    }
}
