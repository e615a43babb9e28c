// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

extension ChangeSet {
    /// Tells each session's story, one entry a delta; where nothing turned, only to who looks closely.
    func log(to logger: Logger) {
        for (delta, move) in zip(deltas, moves) {
            let isTurn = delta.attention != nil || move.from != move.to
            let wording = DeltaWording(change: delta.change, attention: delta.attention, move: move)
            logger.event(
                .sessionChanged, level: isTurn ? .info : .debug, "session \(delta.sessionID): \(wording.sentence)",
                metadata: delta.metadata(move))
            if delta.attention == .expired {
                logger.event(
                    .planExpired, level: .warning, "a session has ended because nobody approved its plan in time",
                    metadata: ["sessionId": "\(delta.sessionID)"])
            }
        }
    }
}

extension SessionDelta {
    fileprivate func metadata(_ move: SessionMove) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "sessionId": "\(sessionID)", "seq": .stringConvertible(seq), "change": "\(change.rawValue)",
        ]
        if let state = move.to { metadata["state"] = "\(state.name)" }
        if let attention { metadata["attention"] = "\(attention.rawValue)" }
        if let state = move.from { metadata["previousState"] = "\(state.name)" }
        return metadata
    }
}
