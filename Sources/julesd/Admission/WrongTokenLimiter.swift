// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Counts wrong tokens, and tells when a client has presented so many that its next one is not even looked at. Reads no clock.
///
/// A client is its network (`IPAddress.clientNetwork`): whoever has a whole /64 has no more guesses than others.
struct WrongTokenLimiter: Sendable {
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

    /// So many wrong tokens within a minute are no slip of the hand, whether or not more are let through.
    static let reportable = 20

    /// Counts a wrong token, and answers how many there were within a minute where that is to be reported.
    mutating func note(client: IPAddress, limit: Int, at now: ContinuousClock.Instant) -> Int? {
        let client = client.clientNetwork
        let count = limit - guesses.admit(client: client, route: "", limit: limit, at: now).remaining
        guard count == min(limit, Self.reportable) else { return nil }
        return reports.admit(client: client, route: "", limit: 1, at: now).isAdmitted ? count : nil
    }

    /// How many clients are remembered.
    var count: Int { guesses.count + reports.count }
}
