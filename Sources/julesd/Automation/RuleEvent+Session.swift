// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension RuleEvent {
    /// An event of a session, without a plan or question.
    init(_ kind: Kind, of session: Session, at time: Timestamp) {
        self.init(
            kind: kind, sessionID: session.id, repository: session.repository, branch: session.branch,
            title: session.title, prompt: session.prompt, at: time)
    }

    /// The same event with the plan or question in an activity's JSON.
    func about(_ activity: [UInt8]) -> RuleEvent {
        var event = self
        if let plan = Plan(activity: activity) {
            event.planID = plan.id
            event.planSteps = plan.steps.count
            event.text = planText(activity: activity)
        } else {
            event.text = agentMessage(activity: activity) ?? ""
        }
        return event
    }
}
