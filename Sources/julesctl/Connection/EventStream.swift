// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The daemon's events (`GET /api/events`), resumed after every break.
final class EventStream: Sendable {
    /// Where the stream stands.
    struct Position: Sendable, Equatable {
        var epoch: String
        var seq: Int
    }

    enum Event: Sendable {
        /// The stream stands; `isFirst` is false after a break.
        case connected(Position, isFirst: Bool)
        case delta(JSON)
        /// Changes from the first to the second number are gone.
        case gap(Int, Int)
        case activities(sessionID: String, [JSON])
        /// The stream broke; it is tried again after the pause.
        case disconnected(ControlError, retryIn: Duration)
    }

    private struct State {
        var position: Position?
        var parser = EventParser()
        /// An answer other than 200 is an error, whose text is gathered here.
        var errorBody: [UInt8] = []
        var hasConnected = false
        /// Breaks since the last connection.
        var failures = 0
        var isOver = false
    }

    private let client: DaemonClient
    private let activitiesOf: String?
    private let handle: @Sendable (Event) -> Bool
    private let state: Mutex<State>

    /// - Parameters:
    ///   - since: where to begin; `nil` begins with what happens from now on.
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

    /// Follows the stream until `handle` answers false or the task is cancelled.
    ///
    /// - Throws: `ControlError` if the daemon refuses the stream, or if it cannot be reached at the first try.
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

    /// Listens until the stream ends.
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
        // A comment line comes every 15 s.
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

    /// Takes a part of the stream; false ends it.
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
                // What was missed comes next: an older position stays until then.
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
