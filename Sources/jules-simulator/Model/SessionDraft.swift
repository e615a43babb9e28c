// SPDX-License-Identifier: Apache-2.0

/// The request to create a session.
struct SessionDraft: Sendable {
    var prompt: String
    var title: String?
    /// The source's name; `nil` without a repository.
    var source: String?
    var startingBranch: String?
    var workingBranch: String?
    var environmentVariablesEnabled = false
    var requirePlanApproval = false
    var automationMode: String?
}
