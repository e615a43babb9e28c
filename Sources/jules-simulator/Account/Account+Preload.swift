// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension Account {
    /// Adds `count` sessions that existed before the start. `active` of them are active, in different states.
    mutating func preload(_ count: Int, active: Int) {
        let start = now
        var lives: [Session] = []
        lives.reserveCapacity(count)
        var ago = Duration.seconds(1800)
        for _ in 0..<max(0, count - active) {
            ago += random.duration(.seconds(120), .seconds(4000))
            var session = invent(at: start - ago)
            session.liveToTheEnd(behavior)
            // All activities must be in the past.
            let last = session.updateTime + .seconds(5)
            if last > start { session.shift(by: start - last) }
            // updateTime also moves without work, so some old sessions get a recent one.
            if random.chance(0.04) {
                session.updateTime = (start - random.duration(.seconds(60), .seconds(90_000))).wholeMicroseconds
            }
            lives.append(session)
        }
        let scenes: [(state: SessionState, activities: Int)] = [
            (.awaitingPlanApproval, 1), (.inProgress, 9), (.awaitingUserFeedback, 5), (.inProgress, 4), (.queued, 0),
            (.inProgress, 14),
        ]
        for index in 0..<min(active, count) {
            lives.append(
                inventAlive(scenes[index % scenes.count].state, after: scenes[index % scenes.count].activities))
        }
        // Sessions with the same microsecond are listed in the order of their ids. Sorted input keeps the insertion
        // linear.
        for session in lives.sorted(by: { ($0.createTime, $0.id) < ($1.createTime, $1.id) }) { insert(session) }
    }

    private mutating func invent(at instant: Timestamp, requireApproval: Bool? = nil, behavior: APIBehavior? = nil)
        -> Session
    {
        let assignment = Assignment(random: &random)
        var draft = assignment.draft(&random)
        if let requireApproval { draft.requirePlanApproval = requireApproval }
        return Session(
            id: freshID(), draft: draft, assignment: assignment, at: instant.wholeMicroseconds, seed: random.next(),
            behavior: behavior ?? self.behavior)
    }

    /// A session that reached `state` a short time ago.
    mutating func inventAlive(_ state: SessionState, after activities: Int) -> Session {
        var past = behavior
        // No random ending may come before the wanted state.
        (past.failureRate, past.pauseRate, past.stuckRate, past.unknownStateRate) = (0, 0, 0, 0)
        past.questionRate = state == .awaitingUserFeedback ? 1 : 0
        while true {
            var session = invent(at: now, requireApproval: state == .awaitingPlanApproval, behavior: past)
            guard session.live(until: state, after: activities, past) else { continue }
            let latest = session.activities.last?.createTime ?? session.createTime
            let room = session.due.map { max(.zero, $0.at - latest) } ?? .seconds(90)
            session.shift(by: now - (latest + random.duration(.zero, min(room, .seconds(90)))))
            session.updateTime = min(session.updateTime, now.wholeMicroseconds)
            return session
        }
    }
}
