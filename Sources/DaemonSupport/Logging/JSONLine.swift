// SPDX-License-Identifier: Apache-2.0

/// A record as one line of JSON: `{"level":30,"time":"…","msg":"server_started","text":"…","port":3001}`.
///
/// Of an event `msg` is the name and `text` the sentence; of any other record `msg` is the sentence.
enum JSONLine {
    static func bytes(_ record: LogRecord) -> [UInt8] {
        var members: [(String, JSON)] = [
            ("level", JSON(record.level.number)),
            ("time", .string(record.timestamp)),
        ]
        if let event = record.event {
            members += [("msg", .string(event.name)), ("text", .string(record.sentence))]
        } else {
            members += [("msg", .string(record.sentence))]
        }
        let taken = Set(members.map(\.0))
        for (key, value) in record.metadata {
            // A reader keeps the last of two equal names: metadata must not replace what the line itself says.
            members.append((taken.contains(key) ? key + "_" : key, value.json))
        }
        let object = JSONObject(members.map { JSONObject.Member(name: $0.0, value: $0.1) })
        return JSON.object(object).bytes + [UInt8(ascii: "\n")]
    }
}
