// SPDX-License-Identifier: Apache-2.0

internal import DaemonSupport
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// What has come and has not been taken yet, in order. Every wait for more ends: with what was waited for, or with an error.
public final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var isClosed = false
        /// Grows with everything that happens, so that nothing happens unseen between a look and a wait.
        var version = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// An empty one.
    public init() {}

    /// Adds an element.
    public func put(_ element: Element) { change { $0.elements.append(element) } }

    /// Nothing more will come.
    public func close() { change { $0.isClosed = true } }

    /// The next element, whatever it is; `nil` once everything has been taken and nothing more will come.
    public func next(_ what: String, within limit: Duration = patience) async throws -> Element? {
        try await wait(for: what, limit) { state in
            if !state.elements.isEmpty { return .some(state.elements.removeFirst()) }
            return state.isClosed ? .some(nil) : nil
        }
    }

    /// Takes the first element of which `matches` holds; the others stay.
    public func first(
        _ what: String, within limit: Duration = patience, where matches: (Element) -> Bool
    ) async throws -> Element {
        try await wait(for: what, limit) { state in
            if let index = state.elements.firstIndex(where: matches) { return state.elements.remove(at: index) }
            if state.isClosed { throw Overdue(what: what, reason: "nothing more comes", have: state.elements) }
            return nil
        }
    }

    /// Waits until nothing more will come.
    public func closed(_ what: String, within limit: Duration = patience) async throws {
        _ = try await wait(for: what, limit) { $0.isClosed ? true : nil }
    }

    /// Takes everything that has come.
    public func takeAll() -> [Element] {
        state.withLock { state in
            defer { state.elements = [] }
            return state.elements
        }
    }

    private func wait<Value>(
        for what: String, _ limit: Duration, _ look: (inout State) throws -> Value?
    ) async throws -> Value {
        let timeUp = Latch()
        let time = TimeAmount.nanoseconds(Int64(limit / .nanoseconds(1)))
        let timer = MultiThreadedEventLoopGroup.singleton.next().scheduleTask(in: time) { [self] in
            timeUp.set()
            change { _ in }
        }
        defer { timer.cancel() }
        while true {
            let (found, version) = try state.withLock { state in (try look(&state), state.version) }
            if let found { return found }
            if timeUp.isSet {
                throw Overdue(what: what, reason: "not within \(limit)", have: state.withLock(\.elements))
            }
            await withCheckedContinuation { continuation in
                let isOld = state.withLock { state in
                    guard state.version == version else { return true }
                    state.waiting.append(continuation)
                    return false
                }
                if isOld { continuation.resume() }
            }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiting = state.withLock { state in
            body(&state)
            state.version += 1
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// How long anything may take that should happen; only a failing test waits as long.
public let patience = Duration.seconds(40)

/// What was waited for has not come.
public struct Overdue: Error, CustomStringConvertible {
    /// What was waited for, why the wait ended, and what came instead.
    public let description: String

    /// The error of a wait for `what` that ended because of `reason`; `have` came instead.
    public init(what: String, reason: String, have: [some Any] = [String]()) {
        let have = have.suffix(20).map { "  \($0)".prefix(500) }
        description =
            "\(what): \(reason)" + (have.isEmpty ? "" : "; what came instead:\n\(have.joined(separator: "\n"))")
    }
}
