// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One follower of the log. To be used on its connection's event loop only.
final class BroadcastSubscriber {
    enum State {
        /// Gets each message as it is published.
        case live
        /// Reads the log at its own pace; what has no place in the log waits.
        case replaying(held: [PushMessage], heldBytes: Int)
        case ended
    }

    let connection: any PushConnection
    let topics: TopicFilter
    let source: @Sendable (Int64) async throws -> ReplayPage
    var state: State
    /// The last position it has been given.
    var cursor: Int64
    /// Its place in the registry's list, so that leaving costs no search.
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

    /// Sends a live message, unless more than `limit` bytes would then wait for the client: that ends it.
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
