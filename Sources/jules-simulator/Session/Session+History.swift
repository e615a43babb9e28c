// SPDX-License-Identifier: Apache-2.0

// Generates the history of sessions that exist at the start.

extension Session {
    /// Runs the session to its end. Its owner approves plans and answers questions after a short time.
    mutating func liveToTheEnd(_ behavior: APIBehavior) {
        while advanceAttended(behavior) {}
    }

    /// Runs the session until it has the state `wanted` and at least `pieces` activities. Returns false if it ends
    /// before that.
    mutating func live(until wanted: SessionState, after pieces: Int, _ behavior: APIBehavior) -> Bool {
        while state != wanted || activities.count < pieces {
            guard advanceAttended(behavior) else { return false }
        }
        return true
    }

    private mutating func advanceAttended(_ behavior: APIBehavior) -> Bool {
        let latest = activities.last?.createTime ?? createTime
        switch state {
        case .awaitingPlanApproval: try? approve(at: latest + AgentDelays.reply(&random), behavior)
        case .awaitingUserFeedback:
            try? receive(assignment.answer(&random), at: latest + AgentDelays.reply(&random), behavior)
        default:
            guard due != nil else { return false }
            perform(behavior)
        }
        return true
    }

    /// Moves all times of the session by `offset`.
    mutating func shift(by offset: Duration) {
        createTime = (createTime + offset).wholeMicroseconds
        updateTime = (updateTime + offset).wholeMicroseconds
        if let due { self.due = ScheduledStep(at: due.at + offset, step: due.step) }
        for index in activities.indices {
            activities[index].createTime = (activities[index].createTime + offset).wholeMicroseconds
            if case .planGenerated(var plan) = activities[index].kind {
                plan.createTime = activities[index].createTime
                activities[index].kind = .planGenerated(plan)
            }
        }
    }
}
