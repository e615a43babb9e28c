// SPDX-License-Identifier: Apache-2.0

public import Logging

/// An event that has its own entry in the journal's message catalog.
public struct CatalogEvent: Sendable, Hashable {
    /// A short name for programs that read the log, in lower case with underscores.
    public let name: String
    /// The `MESSAGE_ID`: 32 lower-case hexadecimal digits. It never changes after a release.
    public let messageID: String

    /// An event with this name and id.
    public init(name: String, messageID: String) {
        self.name = name
        self.messageID = messageID
    }
}

extension CatalogEvent: CustomStringConvertible {
    /// The event's name.
    public var description: String { name }

    /// The metadata key under which a record passes its event to the handler.
    static let metadataKey = "event"
}

extension Logger {
    /// Logs `event` with a sentence for people.
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
