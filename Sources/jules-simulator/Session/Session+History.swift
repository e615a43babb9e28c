// SPDX-License-Identifier: Apache-2.0

// How a session that is there at the start came to be what it is.

extension Session {
    /// Lives until nothing is due any more; somebody approves and answers soon.
    mutating func liveToTheEnd(_ behavior: APIBehavior) {
        while advanceAttended(behavior) {}
    }

    /// Lives until it is in `wanted`; `false` where it ended without.
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

    /// Moves the whole life in time.
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
