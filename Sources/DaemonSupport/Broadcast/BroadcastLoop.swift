// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The subscribers of one event loop, and the log position up to which they have messages. Use it on that loop only.
final class BroadcastLoop {
    private let eventLoop: any EventLoop
    private let executor: EventLoopExecutor
    private let limit: Int
    private let counters: BroadcastCounters
    private var subscribers: [BroadcastSubscriber] = []
    private(set) var head: Int64

    init(_ eventLoop: any EventLoop, head: Int64, limit: Int, counters: BroadcastCounters) {
        self.eventLoop = eventLoop
        executor = EventLoopExecutor(eventLoop)
        self.head = head
        self.limit = limit
        self.counters = counters
    }

    /// Adds a subscriber. A replaying one starts its replay.
    func add(_ subscriber: BroadcastSubscriber) {
        subscriber.index = subscribers.count
        subscribers.append(subscriber)
        counters.subscribers.add(1, ordering: .relaxed)
        subscriber.connection.closed.assumeIsolated().whenComplete { _ in self.remove(subscriber) }
        if case .replaying = subscriber.state { startReplay(subscriber) }
    }

    /// Delivers the log's next message, first to the clients that have read everything: to close one that does not read takes time.
    func deliver(_ message: BroadcastMessage) {
        let positions = message.positions
        head = max(head, positions.upperBound)
        var slow: [BroadcastSubscriber] = []
        // A write that fails removes its subscriber; this loop goes on over the old copy of the list.
        for subscriber in subscribers {
            guard case .live = subscriber.state, subscriber.cursor < positions.upperBound else { continue }
            if subscriber.cursor + 1 != positions.lowerBound {
                subscriber.state = .replaying(held: [], heldBytes: 0)
                startReplay(subscriber)
            } else if subscriber.deliverAtOnce(message.message) {
                subscriber.cursor = positions.upperBound
            } else {
                slow.append(subscriber)
            }
        }
        for subscriber in slow {
            if subscriber.deliver(message.message, limit: limit) {
                subscriber.cursor = positions.upperBound
            } else {
                overrun(subscriber)
            }
        }
    }

    /// Delivers a message that is not part of the log.
    func deliver(_ message: PushMessage, topic: String) {
        for subscriber in subscribers where subscriber.topics.includes(topic) {
            switch subscriber.state {
            case .live:
                if !subscriber.deliver(message, limit: limit) { overrun(subscriber) }
            case .replaying(var held, var heldBytes):
                subscriber.state = .ended  // Releases the list, so that appending does not copy it.
                heldBytes += message.webSocketFrame.readableBytes
                held.append(message)
                if held.count > 1, heldBytes > limit {
                    subscriber.connection.close(.backpressure)
                    overrun(subscriber)
                } else {
                    subscriber.state = .replaying(held: held, heldBytes: heldBytes)
                }
            case .ended: break
            }
        }
    }

    /// Closes all connections, and continues at `head` if it is given.
    func closeAll(_ close: PushClose, head: Int64?) {
        if let head { self.head = head }
        for subscriber in subscribers {
            end(subscriber)
            subscriber.connection.close(close)
        }
    }

    private func startReplay(_ subscriber: BroadcastSubscriber) {
        counters.replays.add(1, ordering: .relaxed)
        let bound = NIOLoopBound((loop: self, subscriber: subscriber), eventLoop: eventLoop)
        subscriber.replay = Task.immediate(executorPreference: executor) {
            let (loop, subscriber) = bound.value
            await loop.replay(subscriber)
        }
    }

    /// Reads the log until the subscriber has everything published so far, then makes it live.
    private func replay(_ subscriber: BroadcastSubscriber) async {
        do {
            repeat {
                let page = try await subscriber.source(subscriber.cursor)
                try await send(page, to: subscriber).get()
            } while !join(subscriber)
        } catch {
            guard case .replaying = subscriber.state else { return }
            end(subscriber)
            subscriber.connection.close(.fault)
        }
    }

    /// Sends a page. The future completes when the client has taken it; then the next page may follow.
    private func send(_ page: ReplayPage, to subscriber: BroadcastSubscriber) throws -> EventLoopFuture<Void> {
        guard case .replaying = subscriber.state else { throw CancellationError() }
        var cursor = subscriber.cursor
        var messages: [PushMessage] = []
        if let gap = page.gap {
            messages.append(gap.message)
            cursor = gap.resumesAfter
        }
        for message in page.messages {
            guard message.positions.lowerBound == cursor + 1 else {
                throw ReplayError.hole(expected: cursor + 1, found: message.positions.lowerBound)
            }
            messages.append(message.message)
            cursor = message.positions.upperBound
        }
        // A published message is in the log already. Without this check a page that brings nothing would be read for
        // ever.
        guard !messages.isEmpty || cursor >= head else { throw ReplayError.missing(cursor + 1) }
        subscriber.cursor = cursor
        return subscriber.connection.send(contentsOf: messages)
    }

    /// Sends the messages that had to wait, and makes the subscriber live if it has everything published so far.
    ///
    /// Comparison and change are one step on the event loop, so every message comes either before both or after both.
    private func join(_ subscriber: BroadcastSubscriber) -> Bool {
        guard case .replaying(let held, _) = subscriber.state else { return true }
        for message in held { subscriber.connection.push(message) }
        guard subscriber.cursor >= head else {
            subscriber.state = .replaying(held: [], heldBytes: 0)
            return false
        }
        subscriber.state = .live
        subscriber.replay = nil
        return true
    }

    private func overrun(_ subscriber: BroadcastSubscriber) {
        counters.overruns.add(1, ordering: .relaxed)
        end(subscriber)
    }

    private func end(_ subscriber: BroadcastSubscriber) {
        subscriber.state = .ended
        subscriber.replay?.cancel()
        subscriber.replay = nil
    }

    private func remove(_ subscriber: BroadcastSubscriber) {
        end(subscriber)
        let last = subscribers.removeLast()
        if last !== subscriber {
            subscribers[subscriber.index] = last
            last.index = subscriber.index
        }
        counters.subscribers.subtract(1, ordering: .relaxed)
    }
}

/// Why a page of the log cannot be sent.
private enum ReplayError: Error {
    case hole(expected: Int64, found: Int64)
    case missing(Int64)
}
