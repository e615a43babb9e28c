// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Counts wrong tokens, and tells when a client has presented so many that its next one is not even looked at. Reads no clock.
///
/// A client is its network (`IPAddress.clientNetwork`): whoever has a whole /64 has no more guesses than others.
struct GuessLimiter: Sendable {
    private var guesses: RateLimiter
    // One entry in the log an hour is enough to wake a person, and a patient guesser cannot fill the disk with more.
    private var reports: RateLimiter

    /// - Parameter origin: An instant that is not after any guess.
    init(origin: ContinuousClock.Instant) {
        guesses = RateLimiter(origin: origin)
        reports = RateLimiter(window: 3600, origin: origin)
    }

    /// For how many seconds no token of this client is looked at; `nil` where it may try.
    func lockedSeconds(client: IPAddress, limit: Int, at now: ContinuousClock.Instant) -> Int? {
        let verdict = guesses.foresee(client: client.clientNetwork, route: "", limit: limit, at: now)
        return verdict.isAdmitted ? nil : verdict.resetSeconds
    }

    /// Counts a wrong token, and answers whether it was the one too many that is to be reported.
    mutating func note(client: IPAddress, limit: Int, at now: ContinuousClock.Instant) -> Bool {
        let client = client.clientNetwork
        guard guesses.admit(client: client, route: "", limit: limit, at: now).remaining == 0 else { return false }
        return reports.admit(client: client, route: "", limit: 1, at: now).isAdmitted
    }

    /// How many clients are remembered.
    var count: Int { guesses.count + reports.count }
}
