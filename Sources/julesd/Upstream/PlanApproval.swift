// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The approval of a session's newest plan.
struct PlanApproval: ReconciledRequest {
    let session: String
    /// The plan that must be the newest one; `nil` for any plan.
    let plan: String?
    let requests: UserRequests
    let lookup: SessionLookup

    func prepare() async throws -> Session {
        let before = try await lookup.existing(session)
        if let plan {
            try await lookup.refreshActivities(of: before, always: true)
            let newest = try await lookup.store.newestPlan(of: session)
            guard newest == plan else { throw SessionActionError.otherPlan(wanted: plan, newest: newest) }
        }
        return before
    }

    func known(after time: Timestamp) async throws -> Set<String> {
        try await lookup.store.activityNames(of: session, createdAfter: time)
    }

    func make(_ before: Session, _ attempt: RequestAttempt) async throws(UpstreamError) -> RequestOutcome {
        try await requests.ask(.once) { (client) throws(UpstreamError) in try await client.approvePlan(session) }
        return RequestOutcome(name: nil, answer: (await lookup.readAgain(session) ?? before).body)
    }

    /// An approval by anybody counts: a second approval could only approve a plan that nobody has seen.
    func find(_ attempt: RequestAttempt) async throws -> RequestOutcome? {
        try await lookup.readActivities(of: session)
        let activities = try await lookup.store.activities(of: session, createdAfter: attempt.earliest)
        let isApproved = activities.contains { activity in
            guard attempt.canHaveMade(activity.name(in: session), at: activity.createTime),
                let approved = approvedPlan(activity: activity.body)
            else { return false }
            return plan == nil || approved == plan
        }
        guard isApproved, let after = await lookup.readAgain(session) else { return nil }
        return RequestOutcome(name: nil, answer: after.body)
    }
}
