// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Wording

extension ChangeSet {
    /// Writes the history of each session to the journal, one entry a delta. A delta without a new state is logged at debug.
    func log(to logger: Logger) {
        for (delta, wording) in zip(deltas, wordings) {
            let isTurn = delta.attention != nil || wording.before?.state != wording.after?.state
            logger.event(
                .sessionChanged, level: isTurn ? .info : .debug, "session \(delta.sessionID): \(wording.sentence)",
                metadata: delta.metadata(wording))
            if delta.attention == .expired {
                logger.event(
                    .planExpired, level: .warning, "a session has ended because nobody approved its plan in time",
                    metadata: ["sessionId": "\(delta.sessionID)"])
            }
        }
    }
}

extension SessionDelta {
    fileprivate func metadata(_ wording: DeltaWording) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "sessionId": "\(sessionID)", "seq": .stringConvertible(seq), "change": "\(change.rawValue)",
        ]
        if let state = wording.after?.state { metadata["state"] = "\(state)" }
        if let attention { metadata["attention"] = "\(attention.rawValue)" }
        if let state = wording.before?.state { metadata["previousState"] = "\(state)" }
        return metadata
    }
}
