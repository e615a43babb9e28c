// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

extension Decision {
    /// Writes a decision to the journal, when it is made and when it ends.
    func log(to logger: Logger) {
        let metadata: Logger.Metadata = [
            "sessionId": "\(sessionID)", "rule": "\(rule)", "decision": "\(id)", "action": "\(action)",
            "reason": "\(reason)", "state": "\(state.rawValue)",
        ]
        let about = "rule \(rule): \(action) of session \(sessionID) (\(reason))"
        let because = detail.map { ": \($0)" } ?? ""
        switch state {
        case .waiting: logger.event(.ruleDecided, "\(about) is decided", metadata: metadata)
        case .done: logger.event(.ruleDone, "\(about) is done\(because)", metadata: metadata)
        case .dry: logger.event(.ruleDone, "\(about) would have been done; the rule is a dry run", metadata: metadata)
        case .dropped: logger.event(.ruleDropped, "\(about) is dropped\(because)", metadata: metadata)
        case .failed: logger.event(.ruleFailed, level: .warning, "\(about) has failed\(because)", metadata: metadata)
        }
    }
}
