// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What the daemon answers to one message, part by part: a JSON text, or a stream of events with a message each.
struct AgentAnswer: Sendable {
    /// A JSON text, which is whole at the answer's end.
    private(set) var text: [UInt8] = []
    /// Whether a message of the stream was the answer itself, not a notification.
    private(set) var hasEnded = false
    private var parser: EventParser?

    /// Takes a part of the answer.
    ///
    /// - Returns: the messages of a stream that are complete with it.
    mutating func take(_ part: some Collection<UInt8>) -> [JSON] {
        // A stream begins with a comment or a field's name, a JSON text with none of their characters.
        if text.isEmpty, parser == nil, let first = part.first, !"{[".utf8.contains(first) { parser = EventParser() }
        guard let events = parser?.take(part) else {
            text += part
            return []
        }
        let messages = events.compactMap { try? JSON(parsing: Array($0.data.utf8)) }
        if messages.contains(where: { $0["method"] == nil }) { hasEnded = true }
        return messages
    }
}
