// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What a script or a test makes a session do at once, in any state.
enum Command: Sendable {
    /// Present a plan and wait for its approval.
    case plan
    /// Approve the plan and start to work. If there is no plan, one is made first.
    case work
    case ask(String?)
    case progress(title: String, description: String)
    case change
    case complete
    case fail(reason: String?)
    case pause
    /// Do nothing more without a request.
    case hold
    /// Change only updateTime.
    case touch
    /// Be invisible for a while: 404, and in no list.
    case vanish(Duration)
    /// Have this state, known or unknown, and do nothing more without a request.
    case state(SessionState)
    /// Add an activity with these members in addition to name, id, createTime and originator.
    case activity(JSONObject)

    static let names = [
        "plan", "work", "ask", "progress", "change", "complete", "fail", "pause", "hold", "touch", "vanish", "state",
        "activity",
    ]

    init(_ body: inout ControlBody) throws(ControlError) {
        let name = try body.text("action") ?? ""
        switch name {
        case "plan": self = .plan
        case "work": self = .work
        case "ask": self = .ask(try body.text("text"))
        case "progress":
            self = .progress(title: try body.text("title") ?? "", description: try body.text("description") ?? "")
        case "change": self = .change
        case "complete": self = .complete
        case "fail": self = .fail(reason: try body.text("reason"))
        case "pause": self = .pause
        case "hold": self = .hold
        case "touch": self = .touch
        case "vanish": self = .vanish(try body.duration("for") ?? .seconds(60))
        case "state":
            guard let state = try body.text("state") else { throw ControlError("state: expected text") }
            self = .state(SessionState(rawValue: state))
        case "activity": self = .activity(try body.object("activity") ?? JSONObject())
        default: throw ControlError("action: expected one of \(Self.names.joined(separator: ", ")), not \"\(name)\"")
        }
        try body.end()
    }
}

extension Session {
    mutating func obey(_ command: Command, at instant: Timestamp, _ behavior: APIBehavior) {
        switch command {
        case .plan: waitAtGate(at: instant, behavior)
        case .work:
            if latestPlan == nil { addPlan(at: instant, behavior) }
            addApproval(at: instant, behavior)
            startWork(at: instant, behavior)
        case .ask(let text): ask(text ?? assignment.question(&random), at: instant, behavior)
        case .progress(let title, let description):
            add(.agent, .progressUpdated(title: title, description: description), at: instant, behavior)
        case .change: change(at: instant, behavior)
        case .complete: complete(at: instant, behavior)
        case .fail(let reason): fail(reason: reason, at: instant, behavior)
        case .pause: (state, due) = (.paused, nil)
        case .hold: due = nil
        case .touch: break
        case .vanish(let duration): hiddenUntil = instant + duration
        case .state(let state): (self.state, due) = (state, nil)
        case .activity(let members): add(.agent, .other(members), at: instant, behavior)
        }
        updateTime = max(updateTime, instant.wholeMicroseconds)
    }
}

extension Account {
    /// Carries out a command on a session now.
    mutating func command(_ command: Command, _ id: String) throws(ControlError) {
        guard sessions[id] != nil else { throw ControlError("there is no session \(id)") }
        let now = now
        update(id) { session, behavior in session.obey(command, at: now, behavior) }
    }

    /// Adds a session that has `state` from the start.
    @discardableResult
    mutating func create(_ draft: SessionDraft, in state: SessionState) -> String {
        let id = create(draft).id
        let commands: [Command] =
            switch state {
            case .queued: []
            case .awaitingPlanApproval: [.plan]
            case .inProgress: [.work]
            case .awaitingUserFeedback: [.work, .ask(nil)]
            case .paused: [.work, .pause]
            case .failed: [.work, .fail(reason: "The environment could not be set up.")]
            case .completed: [.work, .change, .complete]
            default: [.state(state)]
            }
        let now = now
        update(id) { session, behavior in
            for command in commands { session.obey(command, at: now, behavior) }
        }
        return id
    }
}
