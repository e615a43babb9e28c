// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

extension ChangeSet {
    /// Tells the administrator what the state of a session alone does not show.
    func log(to logger: Logger) {
        for delta in deltas where delta.isExpiredPlan {
            logger.event(
                .planExpired, level: .warning, "a session has ended because nobody approved its plan in time",
                metadata: ["sessionId": "\(delta.sessionID)"])
        }
    }
}
