// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// How long the agent of a session at work has been silent.
///
/// Only what the daemon itself has seen counts. With the API's timestamps, every old session would count as stalled at the
/// first start.
struct AgentSilence: Sendable, Equatable {
    /// One healthy session in two thousand is silent for longer.
    static let limit = Duration.seconds(900)

    /// In steady time.
    let since: Timestamp

    /// Whether a session that has been silent until `now` needs a person.
    func isStall(at now: Timestamp) -> Bool { now.duration(since: since) >= Self.limit }
}

extension AgentSilence {
    /// The silence that begins when a session is first seen at work; `nil` if it is not at work.
    init?(of session: Session, seen now: Timestamp) {
        guard session.state == .inProgress else { return nil }
        since = now
    }

    /// The silence that begins when these activities are read; `nil` if none of them is the agent's.
    init?(after activities: [Activity], readAt now: Timestamp) {
        guard activities.contains(where: \.isAgents) else { return nil }
        since = now
    }
}
