// SPDX-License-Identifier: Apache-2.0

public import NIOCore
import Synchronization

/// Sends the messages of an ordered log to subscribers: first the messages they missed, then each new one. No message
/// is left out or sent twice.
///
/// Each event loop keeps its own subscribers and its own `head`. So a message is handed over once per loop, and a
/// subscriber changes from replay to live in a single step on its loop. All clients share a message's bytes.
public final class BroadcastHub: Sendable {
    private struct Loop {
        let eventLoop: any EventLoop
        let state: NIOLoopBoundBox<BroadcastLoop>
    }

    private struct Waiter {
        let position: Int64
        let continuation: CheckedContinuation<Int64, Never>
        let timeout: Scheduled<Void>
    }

    private struct State {
        var head: Int64
        var waiters: [UInt64: Waiter] = [:]
        var nextWaiter: UInt64 = 0
    }

    private let loops: [Loop]
    private let counters = BroadcastCounters()
    private let maximumWaiters: Int
    private let state: Mutex<State>

    /// A hub for connections on the loops of `group`.
    ///
    /// - Parameters:
    ///  - head: the last position in the log so far.
    ///   - limit: how many bytes of live messages may wait for one client. A client beyond that is closed with
    ///     `backpressure`.
    ///   - maximumWaiters: how many calls of `wait` may be pending. Further calls return at once.
    public init(group: any EventLoopGroup, head: Int64, limit: Int = 1_000_000, maximumWaiters: Int = 10_000) {
        let counters = counters
        loops = group.makeIterator().map { eventLoop in
            Loop(
                eventLoop: eventLoop,
                state: .makeBoxSendingValue(
                    BroadcastLoop(eventLoop, head: head, limit: limit, counters: counters), eventLoop: eventLoop))
        }
        self.maximumWaiters = maximumWaiters
        state = Mutex(State(head: head))
    }

    /// The last position published.
    public var head: Int64 { state.withLock { $0.head } }
    /// The number of subscribers, live and replaying.
    public var subscriberCount: Int { counters.subscribers.load(ordering: .relaxed) }
    /// The number of pending calls of `wait`.
    public var waiterCount: Int { state.withLock { $0.waiters.count } }
    /// The number of replays started so far.
    public var replayCount: Int { counters.replays.load(ordering: .relaxed) }
    /// The number of subscribers that were closed because they were too slow.
    public var overrunCount: Int { counters.overruns.load(ordering: .relaxed) }

    /// Sends the log's next message to the subscribers. Call it in the log's order, after the message can be read from
    /// the log.
    ///
    /// - Parameter delivered: called on one of the event loops after all live subscribers have been given the message.
    public func publish(_ message: BroadcastMessage, delivered: (@Sendable () -> Void)? = nil) {
        let countdown = delivered.map { Countdown(loops.count, $0) }
        let reached = state.withLock { state in
            state.head = max(state.head, message.positions.upperBound)
            // Under the lock, so that all loops see the same order.
            for loop in loops {
                loop.eventLoop.execute {
                    loop.state.value.deliver(message)
                    countdown?.down()
                }
            }
            let reached = state.waiters.filter { $0.value.position < state.head }
            for id in reached.keys { state.waiters[id] = nil }
            return reached.values
        }
        for waiter in reached {
            waiter.timeout.cancel()
            waiter.continuation.resume(returning: message.positions.upperBound)
        }
    }

    /// Sends a message that is not part of the log to the subscribers whose topics include `topic`.
    public func publishTransient(_ message: PushMessage, topic: String) {
        for loop in loops {
            loop.eventLoop.execute { loop.state.value.deliver(message, topic: topic) }
        }
    }

    /// Makes a connection a subscriber until it closes.
    ///
    /// - Parameters:
    ///  - after: the last position the client has seen; `nil` to start with the next message.
    ///   - topics: which messages outside the log the subscriber gets.
    ///   - hello: makes the first message. It is given the position that the loop is at.
    ///   - source: reads the log after a position, on the event loop's executor. It is called at least once if `after`
    ///     is given, so that it can check the position. The connection is closed with `fault` if `source` throws or
    ///     leaves out a position.
    public func subscribe(
        _ connection: any PushConnection, after: Int64?, topics: TopicFilter = .none,
        hello: @escaping @Sendable (_ head: Int64) -> PushMessage,
        source: @escaping @Sendable (_ after: Int64) async throws -> ReplayPage
    ) {
        guard let loop = loops.first(where: { $0.eventLoop === connection.eventLoop }) else {
            preconditionFailure("a connection of another event loop group")
        }
        let add: @Sendable () -> Void = {
            let state = loop.state.value
            connection.push(hello(state.head))
            state.add(
                BroadcastSubscriber(
                    connection, cursor: after ?? state.head,
                    state: after == nil ? .live : .replaying(held: [], heldBytes: 0), topics: topics, source: source))
        }
        if loop.eventLoop.inEventLoop { add() } else { loop.eventLoop.execute(add) }
    }

    /// Closes the connections of all subscribers and ends all pending waits.
    public func closeAll(_ close: PushClose) { endAll(close, head: nil) }

    /// Closes everything as ``closeAll(_:)`` does, and continues at another position, because the log is another one now.
    public func restart(at head: Int64, _ close: PushClose) { endAll(close, head: head) }

    private func endAll(_ close: PushClose, head: Int64?) {
        let (waiters, reached) = state.withLock { state in
            if let head { state.head = head }
            // Under the lock, so that all loops see the same order.
            for loop in loops {
                loop.eventLoop.execute { loop.state.value.closeAll(close, head: head) }
            }
            defer { state.waiters = [:] }
            return (state.waiters.values, state.head)
        }
        for waiter in waiters {
            waiter.timeout.cancel()
            waiter.continuation.resume(returning: reached)
        }
    }

    /// Waits until a message beyond `position` is published, `timeout` is over or the task is cancelled. Returns at
    /// once if `maximumWaiters` calls are pending already.
    ///
    /// - Returns: the last position published.
    public func wait(beyond position: Int64, timeout: Duration) async -> Int64 {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let eventLoop = loops[Int(id % UInt64(loops.count))].eventLoop
                let head: Int64? = state.withLock { state in
                    guard state.head <= position, state.waiters.count < maximumWaiters, !Task.isCancelled else {
                        return state.head
                    }
                    let timeout = eventLoop.scheduleTask(in: TimeAmount(timeout)) { [weak self] () -> Void in
                        self?.giveUp(id)
                    }
                    state.waiters[id] = Waiter(position: position, continuation: continuation, timeout: timeout)
                    return nil
                }
                if let head { continuation.resume(returning: head) }
            }
        } onCancel: {
            giveUp(id)
        }
    }

    private func giveUp(_ id: UInt64) {
        let (waiter, head) = state.withLock { state in (state.waiters.removeValue(forKey: id), state.head) }
        waiter?.timeout.cancel()
        waiter?.continuation.resume(returning: head)
    }
}
