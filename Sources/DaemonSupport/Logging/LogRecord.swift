// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging

/// One log record, before it is formatted.
struct LogRecord {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var time: Int64
    var level: Logger.Level
    var sentence: String
    var event: CatalogEvent?
    /// Sorted by key, so that equal records have equal bytes.
    var metadata: [(key: String, value: Logger.MetadataValue)]
    var file: String
    var function: String
    var line: UInt

    /// A record with its logger's metadata. If both have a key, the record's own value counts.
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

    /// A record that the log itself writes.
    init(_ level: Logger.Level, _ sentence: String, metadata: [(key: String, value: Logger.MetadataValue)]) {
        time = Self.now()
        self.level = level
        self.sentence = sentence
        self.metadata = metadata
        file = #fileID
        function = #function
        line = #line
    }

    /// The present time, for ``time``.
    static func now() -> Int64 { Timestamp.now.milliseconds }

    /// ``time`` as ISO 8601 with milliseconds.
    var timestamp: String { Timestamp(milliseconds: time).rfc3339 }
}

extension Logger.MetadataValue {
    /// The value as JSON. Numbers and truth values keep their type.
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

    /// The value as text. A collection is written as JSON.
    var text: String {
        switch self {
        case .string(let text): text
        case .stringConvertible(let value): value.description
        case .array, .dictionary: json.description
        }
    }
}
