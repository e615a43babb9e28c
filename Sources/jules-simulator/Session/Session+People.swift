// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

// Requests of people that change a session.

extension Session {
    /// `:approvePlan`. It has an effect only on a plan that waits for approval. After the end it succeeds without an
    /// effect, except that it may resume a session whose plan was not approved in time.
    mutating func approve(at instant: Timestamp, _ behavior: APIBehavior) throws(APIError) {
        switch state {
        case .awaitingPlanApproval:
            addApproval(at: instant, behavior)
            startWork(at: instant, behavior)
        case .completed:
            guard !planIsApproved, behavior.approveAfterTimeout == .resume else { return }
            addApproval(at: instant, behavior)
            startWork(at: instant, behavior)
        case .queued, .planning: throw behavior.approveWhileQueued == 404 ? .notFound : .preconditionFailed
        default: throw .preconditionFailed
        }
    }

    /// `:sendMessage`. It revises a plan that waits for approval, answers a question, guides the work, or reopens a
    /// session that has ended.
    mutating func receive(_ text: String, at instant: Timestamp, _ behavior: APIBehavior) throws(APIError) {
        if state == .queued || state == .planning, behavior.messageWhileQueued404 { throw .notFound }
        add(.user, .userMessaged(text), at: instant, behavior)
        switch state {
        case .queued, .planning: break
        case .awaitingPlanApproval: due = ScheduledStep(at: instant + AgentDelays.reply(&random), step: .revisePlan)
        case .completed, .failed:
            if behavior.reopenOnMessage { reopen(at: instant) }
        case .paused:
            if behavior.resumePausedOnMessage { reopen(at: instant) }
        default:
            let asksForPlan = text.lowercased().contains("plan")
            work.insert(asksForPlan ? .replan : .acknowledge, at: 0)
            if work.last != .finish { work.append(.finish) }
            if ending == .stuck { ending = .complete }
            state = .inProgress
            due = ScheduledStep(at: instant + AgentDelays.reply(&random), step: .work)
        }
    }

    /// Resumes a session that has ended. If its plan was never approved, it begins with a new plan.
    private mutating func reopen(at instant: Timestamp) {
        state = .inProgress
        ending = .complete
        if planIsApproved { work = [.acknowledge, .explore, .silence, .change, .check, .finish] }
        due = ScheduledStep(at: instant + AgentDelays.reply(&random), step: planIsApproved ? .work : .presentPlan)
    }

    /// `:archive`. Marks the session for the lists. An active session also stops.
    mutating func archive(at instant: Timestamp) {
        archived = true
        if state.isActive {
            state = .paused
            due = nil
        }
        updateTime = max(updateTime, instant.wholeMicroseconds)
    }

    /// `:unarchive`. A session that was stopped stays stopped.
    mutating func unarchive(at instant: Timestamp) {
        archived = false
        updateTime = max(updateTime, instant.wholeMicroseconds)
    }
}
