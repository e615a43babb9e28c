// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension DeltaWording {
    /// The wording of the delta that a `SessionDelta`'s JSON tells of.
    init(delta: JSON) {
        change = delta["changeType"]?.string.flatMap(SessionDelta.Change.init) ?? .updated
        attention = delta["attention"]?.string.flatMap(AttentionReason.init)
        let session = { (name: String) in delta[name].flatMap { Session(wire: $0.bytes) } }
        move = SessionMove(from: session("before"), to: session("after"))
    }
}
