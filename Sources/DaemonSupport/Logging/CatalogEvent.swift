// SPDX-License-Identifier: Apache-2.0

public import Logging

/// Something that an administrator meets in the log, with an entry of its own in the journal's message catalog.
public struct CatalogEvent: Sendable, Hashable {
    /// A short name in lower case with underscores, for programs that read the log.
    public let name: String
    /// The `MESSAGE_ID`: 32 lower-case hexadecimal digits, never changed once released.
    public let messageID: String

    /// An event.
    public init(name: String, messageID: String) {
        self.name = name
        self.messageID = messageID
    }
}

extension CatalogEvent: CustomStringConvertible {
    /// The event's name.
    public var description: String { name }

    /// The metadata key under which a record carries its event to the handler.
    static let metadataKey = "event"
}

extension Logger {
    /// Logs `event`, told as a sentence.
    public func event(
        _ event: CatalogEvent, level: Logger.Level = .info, _ sentence: @autoclosure () -> Logger.Message,
        metadata: @autoclosure () -> Logger.Metadata? = nil, file: String = #fileID, function: String = #function,
        line: UInt = #line
    ) {
        guard level >= logLevel else { return }
        var metadata = metadata() ?? [:]
        metadata[CatalogEvent.metadataKey] = .stringConvertible(event)
        log(level: level, sentence(), metadata: metadata, file: file, function: function, line: line)
    }
}
