// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

extension ChangeSet {
    /// Tells each session's story, one entry a delta; where nothing turned, only to who looks closely.
    func log(to logger: Logger) {
        for (delta, move) in zip(deltas, moves) {
            let isTurn = delta.attention || move.from != move.to
            logger.event(
                .sessionChanged, level: isTurn ? .info : .debug, "\(delta.sentence(move))",
                metadata: delta.metadata(move))
            if delta.isExpiredPlan {
                logger.event(
                    .planExpired, level: .warning, "a session has ended because nobody approved its plan in time",
                    metadata: ["sessionId": "\(delta.sessionID)"])
            }
        }
    }
}

extension SessionDelta {
    fileprivate func sentence(_ move: SessionMove) -> String {
        let name = "session \(sessionID)"
        let waiting = attention ? ", waiting for a person" : ""
        return switch (move.from, move.to) {
        case (nil, let state?): "\(name) is new: \(state.name)\(waiting)"
        case (_, nil): "\(name) was deleted"
        case (let before?, let state?) where before != state:
            "\(name) went from \(before.name) to \(state.name)\(waiting)"
        case (_, .inProgress?) where attention: "\(name) is at work without a sign of life"
        case (_, let state?):
            attention ? "\(name) waits for a person again: \(state.name)" : "\(name) changed, still \(state.name)"
        }
    }

    fileprivate func metadata(_ move: SessionMove) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "sessionId": "\(sessionID)", "seq": .stringConvertible(seq), "change": "\(change.rawValue)",
        ]
        if let state = move.to { metadata["state"] = "\(state.name)" }
        if let state = move.from { metadata["previousState"] = "\(state.name)" }
        return metadata
    }
}
