// SPDX-License-Identifier: Apache-2.0

// How a session that is there at the start came to be what it is.

extension Session {
    /// Lives until nothing is due any more; somebody approves and answers soon.
    mutating func liveToTheEnd(_ knobs: Knobs) {
        while advanceAttended(knobs) {}
    }

    /// Lives until it is in `wanted`; `false` where it ended without.
    mutating func live(until wanted: SessionState, after pieces: Int, _ knobs: Knobs) -> Bool {
        while state != wanted || activities.count < pieces {
            guard advanceAttended(knobs) else { return false }
        }
        return true
    }

    private mutating func advanceAttended(_ knobs: Knobs) -> Bool {
        let latest = activities.last?.createTime ?? createTime
        switch state {
        case .awaitingPlanApproval: try? approve(at: latest + Gaps.reply(&random), knobs)
        case .awaitingUserFeedback: try? receive(assignment.answer(&random), at: latest + Gaps.reply(&random), knobs)
        default:
            guard due != nil else { return false }
            perform(knobs)
        }
        return true
    }

    /// Moves the whole life in time.
    mutating func shift(by offset: Duration) {
        createTime = (createTime + offset).wholeMicroseconds
        updateTime = (updateTime + offset).wholeMicroseconds
        if let due { self.due = Due(at: due.at + offset, step: due.step) }
        for index in activities.indices {
            activities[index].createTime = (activities[index].createTime + offset).wholeMicroseconds
            if case .planGenerated(var plan) = activities[index].kind {
                plan.createTime = activities[index].createTime
                activities[index].kind = .planGenerated(plan)
            }
        }
    }
}
