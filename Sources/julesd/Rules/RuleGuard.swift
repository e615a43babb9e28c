// SPDX-License-Identifier: Apache-2.0

/// How many times a rule has acted already.
struct RuleUse: Sendable, Equatable {
    /// On this session, or on the chain of retries that it belongs to.
    var onSession = 0
    /// On all sessions, in the last hour.
    var inHour = 0
}

extension Rule {
    /// The limit that stops the rule from acting once more; `nil` if there is none.
    func refusal(after use: RuleUse) -> String? {
        if use.onSession >= maxPerSession { return "MaxPerSession=\(maxPerSession) is reached" }
        if use.inHour >= maxPerHour { return "MaxPerHour=\(maxPerHour) is reached" }
        return nil
    }
}
