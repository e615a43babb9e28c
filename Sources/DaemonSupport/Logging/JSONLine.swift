// SPDX-License-Identifier: Apache-2.0

/// A record as one line of JSON: `{"level":30,"time":"…","msg":"server_started","port":3001,"text":"…"}`.
///
/// For an event, `msg` is its name and `text` the sentence. For any other record, `msg` is the sentence.
enum JSONLine {
    private static let ownNames: Set = ["level", "time", "msg", "text"]

    static func bytes(_ record: LogRecord) -> [UInt8] {
        var members: [(name: String, value: JSON)] = [
            ("level", JSON(record.level.number)),
            ("time", .string(record.timestamp)),
            ("msg", .string(record.event?.name ?? record.sentence)),
        ]
        for (key, value) in record.metadata {
            // If a name is repeated, readers keep the last one. Metadata must not replace the line's own members.
            members.append((ownNames.contains(key) ? key + "_" : key, value.json))
        }
        if record.event != nil { members.append(("text", .string(record.sentence))) }
        let object = JSONObject(members.map { JSONObject.Member(name: $0.name, value: $0.value) })
        return JSON.object(object).bytes + [UInt8(ascii: "\n")]
    }
}
