// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore

/// A connection that stores what is sent to it. Only the methods that wait may be called outside `eventLoop`.
final class RecordingConnection: PushConnection, @unchecked Sendable {
    let eventLoop: any EventLoop
    var onText: (@Sendable (String) -> Void)?
    /// The number of unsent bytes that the hub sees.
    var unsentBytes = 0
    /// If false, the client takes nothing, and futures wait for `take`.
    var takes = true
    private(set) var texts: [String] = []
    private(set) var reason: PushClose?
    private var untaken: [EventLoopPromise<Void>] = []
    private var waiters: [(isSatisfied: ([String]) -> Bool, promise: EventLoopPromise<[String]>)] = []
    private let ended: EventLoopPromise<Void>

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        ended = eventLoop.makePromise()
    }

    var closed: EventLoopFuture<Void> { ended.futureResult }

    func send(_ message: PushMessage) -> EventLoopFuture<Void> {
        eventLoop.preconditionInEventLoop()
        texts.append(message.text)
        let promise = eventLoop.makePromise(of: Void.self)
        if takes { promise.succeed() } else { untaken.append(promise) }
        for waiter in waiters where waiter.isSatisfied(texts) { waiter.promise.succeed(texts) }
        waiters.removeAll { $0.isSatisfied(texts) }
        return promise.futureResult
    }

    func close(_ close: PushClose) {
        eventLoop.preconditionInEventLoop()
        guard reason == nil else { return }
        reason = close
        for promise in untaken { promise.fail(ChannelError.ioOnClosedChannel) }
        for waiter in waiters { waiter.promise.fail(ChannelError.ioOnClosedChannel) }
        untaken.removeAll()
        waiters.removeAll()
        ended.succeed()
    }

    /// The texts sent so far, when they satisfy `condition`.
    func texts(when condition: @escaping @Sendable ([String]) -> Bool) async throws -> [String] {
        try await eventLoop.flatSubmit { [self] in
            let promise = eventLoop.makePromise(of: [String].self)
            if condition(texts) {
                promise.succeed(texts)
            } else {
                waiters.append((condition, promise))
                eventLoop.scheduleTask(in: .seconds(20)) { promise.fail(LateError(texts: self.texts)) }
            }
            return promise.futureResult
        }.get()
    }

    /// The texts sent so far, when the last one is `last`.
    func texts(upTo last: String) async throws -> [String] {
        try await texts { $0.last == last }
    }

    /// Takes everything sent so far, and everything sent from now on.
    func take() {
        takes = true
        let promises = untaken
        untaken.removeAll()
        for promise in promises { promise.succeed() }
    }

    struct LateError: Error {
        var texts: [String]
    }
}

extension PushMessage {
    /// The text of the frame.
    var text: String {
        let bytes = webSocketFrame.readableBytesView
        let header =
            switch bytes[bytes.startIndex + 1] {
            case 126: 4
            case 127: 10
            default: 2
            }
        return String(decoding: bytes.dropFirst(header), as: UTF8.self)
    }
}
