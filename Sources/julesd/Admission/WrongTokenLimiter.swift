// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Counts wrong tokens, and locks a client that has presented too many: its next token is not checked. Reads no clock.
///
/// A client is its network (`IPAddress.clientNetwork`), so that the owner of a whole /64 has no more guesses than others.
struct WrongTokenLimiter: Sendable {
    private var guesses: RateLimiter
    // One entry in the log an hour is enough to inform a person, and a patient attacker cannot fill the disk with more.
    private var reports: RateLimiter

    /// - Parameter origin: an instant that is not after any guess.
    init(origin: ContinuousClock.Instant) {
        guesses = RateLimiter(origin: origin)
        reports = RateLimiter(window: 3600, origin: origin)
    }

    /// For how many seconds no token of this client is checked; `nil` if the client may try.
    func lockedSeconds(client: IPAddress, limit: Int, at now: ContinuousClock.Instant) -> Int? {
        let verdict = guesses.foresee(client: client.clientNetwork, route: "", limit: limit, at: now)
        return verdict.isAdmitted ? nil : verdict.resetSeconds
    }

    /// So many wrong tokens within a minute are no typing error, whether or not more are allowed.
    static let reportable = 20

    /// Counts a wrong token. Returns how many there were within a minute if this is to be reported, else `nil`.
    mutating func note(client: IPAddress, limit: Int, at now: ContinuousClock.Instant) -> Int? {
        let client = client.clientNetwork
        let count = limit - guesses.admit(client: client, route: "", limit: limit, at: now).remaining
        guard count == min(limit, Self.reportable) else { return nil }
        return reports.admit(client: client, route: "", limit: 1, at: now).isAdmitted ? count : nil
    }

    /// How many clients are remembered.
    var count: Int { guesses.count + reports.count }
}
