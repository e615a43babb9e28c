// SPDX-License-Identifier: Apache-2.0

/// What a client asks for when it creates a session.
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
