// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore

/// Sends each committed change to all followers, and to returning clients what they missed.
struct ChangeFeed: Sendable {
    private let store: SessionStore
    private let hub: BroadcastHub
    private let followed = FollowedSessions()
    private let clients = ClientCounts()
    private let replayLog: ReplayLog
    private let end = Latch()
    private let delivered: @Sendable (ChangeSet) -> Void

    /// - Parameter delivered: called when a change set has been written to every live client; not called if there is none.
    init(
        store: SessionStore, group: any EventLoopGroup, delivered: @escaping @Sendable (ChangeSet) -> Void = { _ in }
    ) {
        self.store = store
        replayLog = ReplayLog(store: store)
        self.delivered = delivered
        hub = BroadcastHub(group: group, head: store.head.seq)
    }

    /// How many clients follow, on all channels.
    var clientCount: Int { hub.subscriberCount }

    /// How many clients follow over a push channel.
    func clientCount(over channel: PushChannel) -> Int { clients[channel] }

    /// The sessions whose activities a client follows by id.
    var followedSessions: Set<String> { followed.ids }

    /// How many clients were disconnected because they read too slowly.
    var overrunCount: Int { hub.overrunCount }

    /// Publishes a change set. Call it in the order of commits.
    func publish(_ set: ChangeSet) {
        var json: [UInt8] = []
        json.append(list: set.deltas.lazy.map(\.json))
        let run = DeltaRun(positions: set.first...set.last, json: json)
        let message = BroadcastMessage(positions: run.positions, message: FeedMessage.update(run))
        guard clientCount > 0 else { return hub.publish(message) }
        hub.publish(message) { [delivered] in delivered(set) }
    }

    /// Publishes new activities of a session.
    func publish(_ activities: [Activity], of session: String) {
        hub.publishTransient(FeedMessage.activities(activities, of: session), topic: session)
    }

    /// Publishes an entry of the queue after a change, as a JSON object.
    func publish(queueEntry entry: [UInt8]) {
        hub.publishTransient(FeedMessage.queue(entry), topic: FeedStart.queueTopic)
    }

    /// Lets a connection follow the feed until it closes.
    func attach(_ connection: any PushConnection, over channel: PushChannel, _ start: FeedStart) {
        clients.add(channel, until: connection.closed)
        connection.onText = { [weak connection] text in
            guard let connection, (try? JSON(parsing: text))?["type"] == "ping" else { return }
            connection.push(FeedMessage.pong)
        }
        hub.subscribe(
            connection, after: start.since, topics: start.topics,
            // Read on the connection's event loop: there it comes before or after the end of all connections in another epoch.
            hello: { [store] in FeedMessage.hello(LogHead(epoch: store.head.epoch, seq: $0)) },
            source: { [self] in try await page(after: $0, epoch: start.epoch) })
        if !start.sessions.isEmpty { followed.add(start.sessions, until: connection.closed) }
    }

    /// How long to wait before the log is read again if the store cannot be reached.
    static let storagePause = Duration.seconds(1)

    /// The next messages for a client. While the store cannot be reached, the client waits.
    private func page(after since: Int64, epoch: String?) async throws -> ReplayPage {
        while true {
            do { return try await replayLog.page(after: since, epoch: epoch) } catch let error as any StorageError {
                guard error.isUnavailable else { throw error }
                try await Task.sleep(for: Self.storagePause)
            }
        }
    }

    /// Waits until the log goes beyond `seq`, or for `timeout`.
    func wait(beyond seq: Int64, timeout: Duration) async {
        _ = await hub.wait(beyond: seq, timeout: timeout)
    }

    /// Closes every connection and ends every wait, because another epoch has begun. Clients come back and are told a gap.
    func restart(at head: LogHead) { hub.restart(at: head.seq, .restart) }

    /// Closes every connection and ends every wait, because the daemon stops.
    func close() {
        end.set()
        hub.closeAll(.restart)
    }

    /// Whether the daemon stops and nothing more is published.
    var isClosed: Bool { end.isSet }
}

/// Where a client begins to follow, and what it wants.
struct FeedStart: Sendable, Equatable {
    /// The last `seq` that it has seen; `nil` for new changes only.
    var since: Int64?
    /// The epoch of `since`, if the client knows it.
    var epoch: String?
    /// Whether it also wants activities.
    var wantsActivities = false
    /// The sessions whose activities it wants; empty means all.
    var sessions: Set<String> = []
    /// Whether it wants changes of the queue.
    var wantsQueue = false

    /// The topic of the queue's messages. No session has this id.
    static let queueTopic = "queue"

    /// Which messages outside the log it wants.
    var topics: TopicFilter {
        let queue: Set = [Self.queueTopic]
        guard wantsActivities else { return wantsQueue ? .only(queue) : .none }
        guard sessions.isEmpty else { return .only(wantsQueue ? sessions.union(queue) : sessions) }
        return wantsQueue ? .all : .allBut(queue)
    }
}
