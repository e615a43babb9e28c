// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The daemon's answer to one message, received part by part: a JSON text, or an event stream with one message per
/// event.
struct AgentAnswer: Sendable {
    /// The JSON text; complete when the answer has ended.
    private(set) var text: [UInt8] = []
    /// Whether the stream has brought the answer itself, and not only notifications.
    private(set) var hasEnded = false
    private var parser: EventParser?

    /// Adds a part of the answer.
    ///
    /// - Returns: the messages of an event stream that this part completes.
    mutating func take(_ part: some Collection<UInt8>) -> [JSON] {
        // A JSON text begins with { or [. An event stream begins with a colon or the name of a field.
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
