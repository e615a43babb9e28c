// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore

/// Carries each committed change to everybody who follows, and what they missed to those who come back.
struct ChangeFeed: Sendable {
    private let store: SessionStore
    private let hub: BroadcastHub
    private let followed = FollowedSessions()
    private let clients = ClientCounts()
    private let end = Latch()
    private let delivered: @Sendable (ChangeSet) -> Void

    /// - Parameter delivered: told once a change set has been written to every client that follows live; not where none does.
    init(
        store: SessionStore, group: any EventLoopGroup, delivered: @escaping @Sendable (ChangeSet) -> Void = { _ in }
    ) {
        self.store = store
        self.delivered = delivered
        hub = BroadcastHub(group: group, head: store.head.seq)
    }

    /// How many clients follow, on whatever channel.
    var clientCount: Int { hub.subscriberCount }

    /// How many clients follow over a channel that pushes.
    func clientCount(over channel: PushChannel) -> Int { clients[channel] }

    /// The sessions whose activities some client follows one by one.
    var followedSessions: Set<String> { followed.ids }

    /// How many clients were closed because they took too little of what they were sent.
    var overrunCount: Int { hub.overrunCount }

    /// Passes a change set on; called in the order of commits.
    func publish(_ set: ChangeSet) {
        let message = BroadcastMessage(positions: set.first...set.last, message: FeedMessage.update(set.deltas))
        guard clientCount > 0 else { return hub.publish(message) }
        hub.publish(message) { [delivered] in delivered(set) }
    }

    /// Passes on what has been learnt of a session's history.
    func publish(_ activities: [Activity], of session: String) {
        hub.publishTransient(FeedMessage.activities(activities, of: session), topic: session)
    }

    /// Passes on what has become of an entry of the queue, a JSON object.
    func publish(queueEntry entry: [UInt8]) {
        hub.publishTransient(FeedMessage.queue(entry), topic: FeedStart.queueTopic)
    }

    /// Follows the feed with a connection, until that closes.
    func attach(_ connection: any PushConnection, over channel: PushChannel, _ start: FeedStart) {
        clients.add(channel, until: connection.closed)
        connection.onText = { [weak connection] text in
            guard let connection, (try? JSON(parsing: text))?["type"] == "ping" else { return }
            connection.push(FeedMessage.pong)
        }
        hub.subscribe(
            connection, after: start.since, topics: start.topics,
            hello: { [epoch = store.head.epoch] in FeedMessage.hello(LogHead(epoch: epoch, seq: $0)) },
            source: { try await replay(after: $0, epoch: start.epoch) })
        if !start.sessions.isEmpty { followed.add(start.sessions, until: connection.closed) }
    }

    /// Waits until something is logged beyond `seq`, or for `timeout`.
    func wait(beyond seq: Int64, timeout: Duration) async {
        _ = await hub.wait(beyond: seq, timeout: timeout)
    }

    /// Ends every connection and every wait, because the daemon stops.
    func close() {
        end.set()
        hub.closeAll(.restart)
    }

    /// Whether the daemon stops, and nothing is told any more.
    var isClosed: Bool { end.isSet }

    private func replay(after since: Int64, epoch: String?) async throws -> ReplayPage {
        let page = try await store.changes(after: since, epoch: epoch)
        if let gap = page.gap {
            // The client reads the sessions again, so whatever the log still has of that time would only repeat them.
            return ReplayPage(
                gap: .init(message: FeedMessage.gap(gap.lowerBound...page.head.seq), resumesAfter: page.head.seq))
        }
        guard let first = page.deltas.first, let last = page.deltas.last else {
            return ReplayPage()
        }
        return ReplayPage(messages: [
            BroadcastMessage(positions: first.seq...last.seq, message: FeedMessage.update(page.deltas))
        ])
    }
}

/// Where and with what a client begins to follow.
struct FeedStart: Sendable, Equatable {
    /// The last seq it has seen; `nil` to begin with what comes next.
    var since: Int64?
    /// The epoch that `since` belongs to, where the client knows it.
    var epoch: String?
    /// Whether it wants activities besides.
    var wantsActivities = false
    /// The sessions whose activities it wants; empty means all of them.
    var sessions: Set<String> = []
    /// Whether it wants to be told of the queue.
    var wantsQueue = false

    /// What the queue's messages go by; no session has such an id.
    static let queueTopic = "queue"

    /// Which messages outside the log it wants.
    var topics: TopicFilter {
        let queue: Set = [Self.queueTopic]
        guard wantsActivities else { return wantsQueue ? .only(queue) : .none }
        guard sessions.isEmpty else { return .only(wantsQueue ? sessions.union(queue) : sessions) }
        return wantsQueue ? .all : .allBut(queue)
    }
}
