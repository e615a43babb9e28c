// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Since when the agent of a session at work has not been heard.
///
/// Only what the daemon itself has seen counts: timestamps of the API alone would raise an alarm for every old session at the first
/// start.
struct AgentSilence: Sendable, Equatable {
    /// Of healthy sessions one in two thousand is silent for longer.
    static let limit = Duration.seconds(900)

    /// In steady time.
    let since: Timestamp

    /// A person should look at a session that has been silent until `now`.
    func isStall(at now: Timestamp) -> Bool { now.duration(since: since) >= Self.limit }
}

extension AgentSilence {
    /// The silence that begins when a session is first seen at work; `nil` where it is not at work.
    init?(of session: Session, seen now: Timestamp) {
        guard session.state == .inProgress else { return nil }
        since = now
    }

    /// The silence that begins as these activities are learnt; `nil` where the agent did none of them.
    init?(after activities: [Activity], readAt now: Timestamp) {
        guard activities.contains(where: \.isAgents) else { return nil }
        since = now
    }
}
