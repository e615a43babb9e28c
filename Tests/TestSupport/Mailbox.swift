// SPDX-License-Identifier: Apache-2.0

internal import DaemonSupport
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Elements that have arrived and were not taken yet, in order. Each wait ends with its element, or with an error after
/// a time limit.
public final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var isClosed = false
        /// A counter of all changes. With it no change is missed between a check and a wait.
        var version = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// An empty mailbox.
    public init() {}

    /// Adds an element.
    public func put(_ element: Element) { change { $0.elements.append(element) } }

    /// No more elements will arrive.
    public func close() { change { $0.isClosed = true } }

    /// The next element; `nil` if all elements were taken and no more will arrive.
    ///
    /// - Throws: `OverdueError` if nothing arrives within `limit`.
    public func next(_ what: String, within limit: Duration = patience) async throws -> Element? {
        try await wait(for: what, limit) { state in
            if !state.elements.isEmpty { return .some(state.elements.removeFirst()) }
            return state.isClosed ? .some(nil) : nil
        }
    }

    /// Takes the first element for which `matches` is true. The others stay.
    ///
    /// - Throws: `OverdueError` if there is none within `limit`, or no more elements will arrive.
    public func first(
        _ what: String, within limit: Duration = patience, where matches: (Element) -> Bool
    ) async throws -> Element {
        try await wait(for: what, limit) { state in
            if let index = state.elements.firstIndex(where: matches) { return state.elements.remove(at: index) }
            if state.isClosed { throw OverdueError(what: what, reason: "nothing more comes", have: state.elements) }
            return nil
        }
    }

    /// Waits until no more elements will arrive.
    ///
    /// - Throws: `OverdueError` if that does not happen within `limit`.
    public func closed(_ what: String, within limit: Duration = patience) async throws {
        _ = try await wait(for: what, limit) { $0.isClosed ? true : nil }
    }

    /// Takes all elements that have arrived.
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
                throw OverdueError(what: what, reason: "not within \(limit)", have: state.withLock(\.elements))
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

/// The time limit for anything that should happen. Only a failing test waits that long.
public let patience = Duration.seconds(40)

/// Something did not happen in time.
public struct OverdueError: Error, CustomStringConvertible {
    /// What was waited for, why the wait ended, and what arrived instead.
    public let description: String

    /// The error of a wait for `what` that ended for `reason`; `have` arrived instead.
    public init(what: String, reason: String, have: [some Any] = [String]()) {
        let have = have.suffix(20).map { "  \($0)".prefix(500) }
        description =
            "\(what): \(reason)" + (have.isEmpty ? "" : "; what came instead:\n\(have.joined(separator: "\n"))")
    }
}
