// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Wording

/// One committed change of one session.
///
/// `seq` is assigned when the change commits, grows by one, is never reused, and is the cursor of every channel: a client
/// that presents it receives everything after it.
struct SessionDelta: Sendable, Equatable {
    enum Change: String, Sendable, CaseIterable {
        case created, updated, deleted
    }

    let seq: Int64
    let sessionID: String
    let change: Change
    /// Why the session newly waits for a person; `nil` if it does not.
    let attention: AttentionReason?
    /// Whether the session newly is completed or failed.
    let finished: Bool
    /// The delta as every channel sends it.
    let json: [UInt8]
}

extension SessionDelta {
    /// The delta from `before` to `after`; at least one of them exists.
    ///
    /// - Parameter rule: the name of the rule that caused the change.
    init(
        seq: Int64, before: Session?, after: Session?, attention: AttentionReason? = nil, rule: String? = nil,
        at time: Timestamp
    ) {
        self.seq = seq
        sessionID = after?.id ?? before?.id ?? ""
        change = before == nil ? .created : after == nil ? .deleted : .updated
        self.attention = attention
        finished = after?.state.isFinished == true && before?.state.isFinished != true

        var json = Array(#"{"seq":\#(seq),"id":"#.utf8)
        JSON.write(sessionID, to: &json)
        json.append(contentsOf: #","changeType":"\#(change.rawValue)","before":"#.utf8)
        json.append(contentsOf: before?.body ?? Array("null".utf8))
        json.append(contentsOf: #","after":"#.utf8)
        json.append(contentsOf: after?.body ?? Array("null".utf8))
        json.append(contentsOf: #","timestamp":"\#(time.rfc3339)""#.utf8)
        if let attention { json.append(member: "attention", .string(attention.rawValue)) }
        if finished { json.append(member: "finished", true) }
        if let rule { json.append(member: "rule", .string(rule)) }
        json.append(UInt8(ascii: "}"))
        self.json = json
    }
}

/// Everything that one transaction changed: the unit in which the feed sends.
struct ChangeSet: Sendable {
    /// In order of `seq`, without a hole. Never empty when the feed gets it.
    let deltas: [SessionDelta]
    /// The words for each of them, for people; none if another instance has committed them.
    let wordings: [DeltaWording]
    /// When the API's answer with these changes had been read, on the monotonic clock; `nil` if another instance has read it.
    let answered: Duration?
    /// How many webhook deliveries were given up because a log in memory had no room for their deltas.
    var lostDeliveries = 0

    var first: Int64 { deltas[0].seq }
    var last: Int64 { deltas[deltas.count - 1].seq }
}

/// The end of the log, and which log it is.
struct LogHead: Sendable, Equatable {
    /// Changes if earlier cursors have lost their meaning: with a new store, a restore, a start without persistence.
    let epoch: String
    /// The `seq` of the newest delta; if there is none, one less than the first one's.
    let seq: Int64
}

extension DeltaWording.Standing {
    init(_ session: Session) {
        self.init(state: session.state.name, isArchived: session.archived, hasPullRequest: session.hasPullRequest)
    }
}
