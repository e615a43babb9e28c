// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Wording

/// The messages of the feed, the same on every push channel.
enum FeedMessage {
    /// The first message: the epoch of the log, and its head.
    static func hello(_ head: LogHead) -> PushMessage {
        let json: JSON = [
            "type": "hello", "epoch": .string(head.epoch), "seq": JSON(head.seq), "version": .string(programVersion),
        ]
        return PushMessage(json: json.bytes, event: "hello", id: nil)
    }

    /// A run of deltas; `seq` is the last one's.
    static func update(_ run: DeltaRun) -> PushMessage {
        let seq = run.positions.upperBound
        var json = Array(#"{"type":"session_update","seq":\#(seq),"delta":["#.utf8)
        json.reserveCapacity(json.count + run.json.count + 2)
        json.append(contentsOf: run.json)
        json.append(contentsOf: "]}".utf8)
        return PushMessage(json: json, event: "session_update", id: seq)
    }

    /// Some deltas that the client asked for are not available. It has to read the sessions again, and continues from the
    /// gap's end.
    static func gap(_ gap: ClosedRange<Int64>) -> PushMessage {
        let json: JSON = ["type": "gap", "from": JSON(gap.lowerBound), "to": JSON(gap.upperBound)]
        return PushMessage(json: json.bytes, event: "gap", id: gap.upperBound)
    }

    /// New activities of a session. They have no `seq`: after a reconnect the client reads the activities again.
    static func activities(_ activities: [Activity], of session: String) -> PushMessage {
        var json = Array(#"{"type":"activities","sessionId":"#.utf8)
        JSON.write(session, to: &json)
        json.append(contentsOf: #","activities":["#.utf8)
        json.append(list: activities.lazy.map(\.body))
        json.append(contentsOf: "]}".utf8)
        return PushMessage(json: json, event: "activities", id: nil)
    }

    /// An entry of the queue after a change, as a JSON object. It has no `seq`: after a reconnect the client reads the queue
    /// again.
    static func queue(_ entry: [UInt8]) -> PushMessage {
        PushMessage(json: Array(#"{"type":"queue","entry":"#.utf8) + entry + Array("}".utf8), event: "queue", id: nil)
    }

    static let pong = PushMessage(json: Array(#"{"type":"pong"}"#.utf8), event: "pong", id: nil)
}
