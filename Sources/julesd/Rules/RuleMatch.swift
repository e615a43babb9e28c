// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The `[Match]` section of a rule: the conditions for an event. All of them must hold.
struct RuleMatch: Sendable, Equatable {
    /// Never empty after a rule has been read.
    var kinds: Set<RuleEvent.Kind> = []
    var repository = GlobList()
    var branch = GlobList()
    var title = GlobList()
    var prompt = GlobList()
    /// For the text of the plan or the question.
    var text = GlobList()
    /// How many steps a plan may have; `nil` for any number. With a limit, an event without a plan does not match.
    var maxSteps: Int?
    /// Whether events before the rule came into force match too.
    var includesExisting = false

    /// Whether the rule applies to the event.
    ///
    /// - Parameter since: when the rule came into force.
    func matches(_ event: RuleEvent, since: Timestamp) -> Bool {
        guard kinds.contains(event.kind), includesExisting || event.at >= since else { return false }
        if let maxSteps, event.planSteps ?? .max > maxSteps { return false }
        return repository.matches(event.repository) && branch.matches(event.branch) && title.matches(event.title)
            && prompt.matches(event.prompt) && text.matches(event.text)
    }
}
