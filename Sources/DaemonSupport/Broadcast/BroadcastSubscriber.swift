// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One subscriber of the log. Use it on its connection's event loop only.
final class BroadcastSubscriber {
    enum State {
        /// Gets each message when it is published.
        case live
        /// Reads the log as fast as the client takes it. Messages outside the log wait in `held`.
        case replaying(held: [PushMessage], heldBytes: Int)
        case ended
    }

    let connection: any PushConnection
    let topics: TopicFilter
    let source: @Sendable (Int64) async throws -> ReplayPage
    var state: State
    /// The last position that was sent to it.
    var cursor: Int64
    /// Its index in the loop's list, so that it can be removed without a search.
    var index = 0
    var replay: Task<Void, Never>?

    init(
        _ connection: any PushConnection, cursor: Int64, state: State, topics: TopicFilter,
        source: @escaping @Sendable (Int64) async throws -> ReplayPage
    ) {
        self.connection = connection
        self.cursor = cursor
        self.state = state
        self.topics = topics
        self.source = source
    }

    /// Sends a live message if nothing waits for the client.
    ///
    /// - Returns: whether the message was sent.
    func deliverAtOnce(_ message: PushMessage) -> Bool {
        guard connection.unsentBytes == 0 else { return false }
        connection.push(message)
        return true
    }

    /// Sends a live message. If more than `limit` bytes would then wait for the client, the connection is closed
    /// instead.
    ///
    /// - Returns: whether the message was sent.
    func deliver(_ message: PushMessage, limit: Int) -> Bool {
        let unsent = connection.unsentBytes
        guard unsent == 0 || unsent + message.webSocketFrame.readableBytes <= limit else {
            connection.close(.backpressure)
            return false
        }
        connection.push(message)
        return true
    }
}
