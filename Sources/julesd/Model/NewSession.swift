// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A session that somebody asks for.
struct NewSession: Sendable, Equatable {
    /// What the agent works on.
    enum Place: Sendable, Equatable {
        /// No repository: the result is only a patch.
        case nowhere
        /// The API's own `sourceContext`, passed on as it is.
        case context(JSONObject)
        /// A repository as `owner/name`; without a branch it is the default one.
        case repository(String, branch: String?)
    }

    var prompt: String
    /// An empty one counts as none: the API makes one up.
    var title: String?
    var place = Place.nowhere
    var requirePlanApproval: Bool?
    var automationMode: String?
}
