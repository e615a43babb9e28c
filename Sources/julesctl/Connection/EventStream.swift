// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The daemon's event stream (`GET /api/events`), which reconnects after every break.
final class EventStream: Sendable {
    /// A position in the log.
    struct Position: Sendable, Equatable {
        var epoch: String
        var seq: Int
    }

    enum Event: Sendable {
        /// The stream is connected. `isFirst` is false after a break.
        case connected(Position, isFirst: Bool)
        case delta(JSON)
        /// The changes from the first to the second number are lost.
        case gap(Int, Int)
        case activities(sessionID: String, [JSON])
        /// The stream broke. It reconnects after the pause.
        case disconnected(ControlError, retryIn: Duration)
    }

    private struct State {
        var position: Position?
        var parser = EventParser()
        /// The body of a response with a status other than 200.
        var errorBody: [UInt8] = []
        var hasConnected = false
        /// The number of breaks since the last connection.
        var failures = 0
        var isOver = false
    }

    private let client: DaemonClient
    private let activitiesOf: String?
    private let handle: @Sendable (Event) -> Bool
    private let state: Mutex<State>

    /// - Parameters:
    ///  - since: the position after which to start; `nil` starts with the next change.
    ///   - activitiesOf: a session whose activities are sent too.
    ///   - handle: called with every event, in order; false ends the stream.
    init(
        _ client: DaemonClient, since: Position? = nil, activitiesOf: String? = nil,
        handle: @escaping @Sendable (Event) -> Bool
    ) {
        self.client = client
        self.activitiesOf = activitiesOf
        self.handle = handle
        state = Mutex(State(position: since))
    }

    /// Follows the stream until `handle` returns false or the task is cancelled.
    ///
    /// - Throws: `ControlError` if the daemon refuses the stream, or cannot be reached at the first attempt.
    func run() async throws(ControlError) {
        while true {
            let error: ControlError
            do throws(ControlError) {
                try await listen()
                error = .failed("the daemon ended the stream")
            } catch let refusal {
                if case .refused(let status, _, _) = refusal, (400..<500).contains(status), status != 429 {
                    throw refusal
                }
                guard state.withLock(\.hasConnected) else { throw refusal }
                error = refusal
            }
            let (isOver, failures) = state.withLock { state in
                state.failures += 1
                return (state.isOver, state.failures)
            }
            let pause = min(Duration.seconds(1) * (1 << min(failures - 1, 5)), .seconds(30))
            guard !isOver, handle(.disconnected(error, retryIn: pause)) else { return }
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }

    /// Follows one connection until it ends.
    private func listen() async throws(ControlError) {
        let position = state.withLock { state in
            state.parser = EventParser()
            state.errorBody = []
            return state.position
        }
        var request = client.request(
            "GET", "/api/events",
            [
                ("since", position.map { String($0.seq) }), ("epoch", position?.epoch),
                ("activities", activitiesOf == nil ? nil : "1"), ("session", activitiesOf),
            ])
        request.headers.append(("Accept", "text/event-stream"))
        // The daemon sends a comment line every 15 s.
        request.timeout = .seconds(45)
        request.longest = .seconds(10 * 365 * 86_400)
        request.receivePart = { [self] status, part in take(part, status: status) }
        do throws(ControlError) {
            let response = try await client.transfer(request)
            guard response.status != 200 else { return }
            throw ControlError(
                ClientResponse(
                    status: response.status, headers: response.headers, body: state.withLock(\.errorBody)))
        } catch {
            if !state.withLock(\.isOver) { throw error }
        }
    }

    /// Handles a part of the stream. False ends the stream.
    private func take(_ part: UnsafeRawBufferPointer, status: Int) -> Bool {
        let events = state.withLock { state -> [EventParser.Event] in
            guard status == 200 else {
                state.errorBody += part
                return []
            }
            return state.parser.take(part)
        }
        for event in events {
            guard let json = try? JSON(parsing: Array(event.data.utf8)) else { continue }
            guard pass(event.name, json) else {
                state.withLock { $0.isOver = true }
                return false
            }
        }
        return true
    }

    private func pass(_ name: String, _ json: JSON) -> Bool {
        switch name {
        case "hello":
            let head = Position(epoch: json["epoch"]?.string ?? "", seq: json["seq"]?.int ?? 0)
            let (position, isFirst) = state.withLock { state in
                defer {
                    state.hasConnected = true
                    state.failures = 0
                }
                // If the epoch is the same, missed changes follow next, so the old position stays.
                if state.position?.epoch != head.epoch { state.position = head }
                return (state.position ?? head, !state.hasConnected)
            }
            return handle(.connected(position, isFirst: isFirst))
        case "session_update":
            for delta in json["delta"]?.array ?? [] {
                guard handle(.delta(delta)) else { return false }
            }
            if let seq = json["seq"]?.int { state.withLock { $0.position?.seq = seq } }
            return true
        case "gap":
            let to = json["to"]?.int ?? 0
            state.withLock { $0.position?.seq = to }
            return handle(.gap(json["from"]?.int ?? 0, to))
        case "activities":
            return handle(.activities(sessionID: json["sessionId"]?.string ?? "", json["activities"]?.array ?? []))
        default: return true
        }
    }
}
