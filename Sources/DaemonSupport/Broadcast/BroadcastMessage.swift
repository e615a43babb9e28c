// SPDX-License-Identifier: Apache-2.0

/// A message with its position in the ordered log.
public struct BroadcastMessage: Sendable {
    /// The positions that the message covers. The next message starts one position after the last of these.
    public let positions: ClosedRange<Int64>
    /// The bytes for the clients.
    public let message: PushMessage

    /// A message at `positions`.
    public init(positions: ClosedRange<Int64>, message: PushMessage) {
        self.positions = positions
        self.message = message
    }
}

/// A part of the log, read for one subscriber from its cursor on.
public struct ReplayPage: Sendable {
    /// Positions that cannot be sent: the log no longer has them, or they never existed.
    public struct Gap: Sendable {
        /// The message that tells the subscriber about the gap.
        public let message: PushMessage
        /// The subscriber goes on after this position, as if it had seen everything before it.
        public let resumesAfter: Int64

        /// A gap.
        public init(message: PushMessage, resumesAfter: Int64) {
            self.message = message
            self.resumesAfter = resumesAfter
        }
    }

    /// The gap that is reported before the messages; `nil` if nothing is missing.
    public let gap: Gap?
    /// The messages in order, without holes, starting one position after the cursor or the gap. Empty if there are none
    /// yet.
    public let messages: [BroadcastMessage]

    /// A page.
    public init(gap: Gap? = nil, messages: [BroadcastMessage] = []) {
        self.gap = gap
        self.messages = messages
    }
}

/// Which messages outside the log a subscriber gets.
public enum TopicFilter: Sendable, Equatable {
    case none
    case all
    case only(Set<String>)
    case allBut(Set<String>)

    /// Whether the subscriber gets messages on `topic`.
    public func includes(_ topic: String) -> Bool {
        switch self {
        case .none: false
        case .all: true
        case .only(let topics): topics.contains(topic)
        case .allBut(let topics): !topics.contains(topic)
        }
    }
}
