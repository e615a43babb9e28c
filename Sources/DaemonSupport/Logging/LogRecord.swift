// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging

/// One record as a value, before it takes a form.
struct LogRecord {
    /// Milliseconds since 1970 in UTC.
    var time: Int64
    var level: Logger.Level
    var sentence: String
    var event: CatalogEvent?
    /// In the order of the keys, so that equal records have equal bytes.
    var metadata: [(key: String, value: Logger.MetadataValue)]
    var file: String
    var function: String
    var line: UInt

    /// What was logged, with the metadata that its logger carries; of one key the record's own value counts.
    init(_ event: Logging.LogEvent, carrying carried: Logger.Metadata, time: Int64) {
        self.time = time
        level = event.level
        sentence = event.message.description
        file = event.file
        function = event.function
        line = event.line
        var metadata = carried
        if let error = event.error { metadata["error"] = .string(String(describing: error)) }
        if let own = event.metadata { metadata.merge(own) { $1 } }
        if case .stringConvertible(let value) = metadata[CatalogEvent.metadataKey], let event = value as? CatalogEvent {
            self.event = event
            metadata[CatalogEvent.metadataKey] = nil
        }
        self.metadata = metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The present time, for ``time``.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// ``time`` as ISO 8601 with milliseconds.
    var timestamp: String {
        var seconds = time_t(time / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ number: some BinaryInteger, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = "\(padded(parts.tm_year + 1900, 4))-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
        let clock = "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
        return "\(date)T\(clock).\(padded(time % 1000, 3))Z"
    }
}

extension Logger.MetadataValue {
    /// The value as data: numbers and truth values stay what they are.
    var json: JSON {
        switch self {
        case .string(let text): .string(text)
        case .stringConvertible(let value as any BinaryInteger): JSON(value)
        case .stringConvertible(let value as Double) where value.isFinite: .number(value.description)
        case .stringConvertible(let value as Bool): .bool(value)
        case .stringConvertible(let value): .string(value.description)
        case .array(let values): .array(values.map(\.json))
        case .dictionary(let values):
            .object(
                JSONObject(
                    values.sorted { $0.key < $1.key }.map { JSONObject.Member(name: $0.key, value: $0.value.json) }))
        }
    }

    /// The value as text; a collection as its JSON.
    var text: String {
        switch self {
        case .string(let text): text
        case .stringConvertible(let value): value.description
        case .array, .dictionary: json.description
        }
    }
}
