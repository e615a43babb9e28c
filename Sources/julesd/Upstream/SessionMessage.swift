// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A message to the agent of a session.
struct SessionMessage: ReconciledRequest {
    let session: String
    let text: String
    let requests: UserRequests
    let lookup: SessionLookup
    let claims: OutcomeClaims

    func prepare() async throws -> Session { try await lookup.existing(session) }

    func known(after time: Timestamp) async throws -> Set<String> {
        try await lookup.store.activityNames(of: session, createdAfter: time)
    }

    func make(_ before: Session, _ attempt: RequestAttempt) async throws(UpstreamError) -> RequestOutcome {
        try await requests.ask(.once) { (client) throws(UpstreamError) in
            try await client.sendMessage(session, prompt: text)
        }
        await lookup.readAgain(session)
        // Claimed, so that no other message of the same text claims this one.
        return (try? await findInCopy(attempt)) ?? RequestOutcome(name: nil, answer: Self.answer)
    }

    func find(_ attempt: RequestAttempt) async throws -> RequestOutcome? {
        try await lookup.readActivities(of: session)
        return try await findInCopy(attempt)
    }

    private func findInCopy(_ attempt: RequestAttempt) async throws -> RequestOutcome? {
        let activities = try await lookup.store.activities(of: session, createdAfter: attempt.earliest)
        let ours = activities.first { activity in
            let name = activity.name(in: session)
            return attempt.canHaveMade(name, at: activity.createTime)
                && userMessage(activity: activity.body) == text && claims.claim(name, for: attempt.owner)
        }
        return ours.map { RequestOutcome(name: $0.name(in: session), answer: Self.answer) }
    }

    private static let answer = Array(#"{"ok":true}"#.utf8)
}
