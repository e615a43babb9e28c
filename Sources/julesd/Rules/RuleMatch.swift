// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The `[Match]` section of a rule: what an event has to be. All of it must hold.
struct RuleMatch: Sendable, Equatable {
    /// Never empty in a rule that has been read.
    var kinds: Set<RuleEvent.Kind> = []
    var repository = GlobList()
    var branch = GlobList()
    var title = GlobList()
    var prompt = GlobList()
    /// Of the plan or the question.
    var text = GlobList()
    /// The most steps that a plan may have; `nil` does not look. An event without a plan has too many.
    var maxSteps: Int?
    /// Includes what happened before the rule came.
    var includesExisting = false

    /// Whether the event is what the rule is for.
    ///
    /// - Parameter since: when the rule came into force.
    func matches(_ event: RuleEvent, since: Timestamp) -> Bool {
        guard kinds.contains(event.kind), includesExisting || event.at >= since else { return false }
        if let maxSteps, event.planSteps ?? .max > maxSteps { return false }
        return repository.matches(event.repository) && branch.matches(event.branch) && title.matches(event.title)
            && prompt.matches(event.prompt) && text.matches(event.text)
    }
}
