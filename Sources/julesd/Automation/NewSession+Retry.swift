// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension NewSession {
    /// The same task once more: prompt, source, branch and mode of a session.
    ///
    /// The API may leave out whether plans need approval. If a person approved a plan, or the plan expired, the new session
    /// needs approval too.
    init(retrying standing: SessionStanding) {
        let session = standing.session
        let body = (try? JSON(parsing: session.body)) ?? .null
        self.init(prompt: session.prompt)
        title = session.title.isEmpty ? nil : session.title
        if let context = body["sourceContext"]?.object { place = .context(context) }
        requirePlanApproval =
            body["requirePlanApproval"]?.bool
            ?? (standing.hasApproval || standing.entry?.reason == .expired ? true : nil)
        automationMode = body["automationMode"]?.string.flatMap { $0 == "AUTOMATION_MODE_UNSPECIFIED" ? nil : $0 }
    }
}
