// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A session to create.
struct NewSession: Sendable, Equatable {
    /// Where the agent works.
    enum Place: Sendable, Equatable {
        /// No repository: the result is only a patch.
        case nowhere
        /// The API's own `sourceContext`, passed on as it is.
        case context(JSONObject)
        /// A repository as `owner/name`. Without a branch its default branch is used.
        case repository(String, branch: String?)
    }

    var prompt: String
    /// An empty title counts as none: the API then chooses one.
    var title: String?
    var place = Place.nowhere
    var requirePlanApproval: Bool?
    var automationMode: String?
}
