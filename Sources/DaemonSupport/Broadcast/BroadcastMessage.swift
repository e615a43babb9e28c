// SPDX-License-Identifier: Apache-2.0

/// A message with its place in the ordered log that everybody follows.
public struct BroadcastMessage: Sendable {
    /// The positions it covers. Positions are contiguous: the next message starts one after the last.
    public let positions: ClosedRange<Int64>
    /// The bytes for clients.
    public let message: PushMessage

    /// A message at `positions`.
    public init(positions: ClosedRange<Int64>, message: PushMessage) {
        self.positions = positions
        self.message = message
    }
}

/// A piece of the log, read for one subscriber after its cursor.
public struct ReplayPage: Sendable {
    /// Positions that the log no longer has, or that make no sense.
    public struct Gap: Sendable {
        /// What to tell the subscriber.
        public let message: PushMessage
        /// The position the subscriber goes on after, as if it had seen everything up to it.
        public let resumesAfter: Int64

        /// A gap.
        public init(message: PushMessage, resumesAfter: Int64) {
            self.message = message
            self.resumesAfter = resumesAfter
        }
    }

    /// What is told before the messages, where something is missing.
    public let gap: Gap?
    /// The messages in order, without holes, from one after the cursor (or the gap) on. Empty where there are none yet.
    public let messages: [BroadcastMessage]

    /// A page.
    public init(gap: Gap? = nil, messages: [BroadcastMessage] = []) {
        self.gap = gap
        self.messages = messages
    }
}

/// Which of the messages outside the log a subscriber wants.
public enum TopicFilter: Sendable, Equatable {
    case none
    case all
    case only(Set<String>)
    case allBut(Set<String>)

    /// Whether messages on `topic` pass.
    public func includes(_ topic: String) -> Bool {
        switch self {
        case .none: false
        case .all: true
        case .only(let topics): topics.contains(topic)
        case .allBut(let topics): !topics.contains(topic)
        }
    }
}
