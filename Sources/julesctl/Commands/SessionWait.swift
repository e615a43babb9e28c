// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// A wait for one session: reads it once, then follows the events.
final class SessionWait: Sendable {
    enum Outcome: Sendable, Equatable {
        case reached, ended, timedOut
    }

    private struct State {
        var session: JSON?
        var outcome: Outcome?
    }

    private let client: DaemonClient
    private let id: String
    private let goal: WaitGoal
    private let state = Mutex(State())

    init(client: DaemonClient, id: String, goal: WaitGoal) {
        self.client = client
        self.id = id
        self.goal = goal
    }

    /// The session as last read; `nil` if it is deleted or was never read.
    var latest: JSON? { state.withLock(\.session) }

    func run() async throws(ControlError) -> Outcome {
        // The position is taken before the session is read, so that no event between the read and the stream is missed.
        let status = try await client.get("/api/status")
        guard let epoch = status["epoch"]?.string, let seq = status["seq"]?.int else {
            throw .unexpected("it has no seq")
        }
        if let outcome = try await look() { return outcome }
        while true {
            let missed = Mutex(false)
            try await EventStream(client, since: .init(epoch: epoch, seq: seq)) { [self] event in
                switch event {
                case .delta(let delta) where delta["id"]?.string == id: return note(delta) == nil
                case .gap:
                    missed.withLock { $0 = true }
                    return false
                default: return true
                }
            }.run()
            if let outcome = state.withLock(\.outcome) { return outcome }
            guard missed.withLock({ $0 }), !Task.isCancelled else { return .timedOut }
            if let outcome = try await look() { return outcome }
        }
    }

    /// Reads the session and the inbox.
    private func look() async throws(ControlError) -> Outcome? {
        let session = try await client.get("/api/sessions/\(percentEncoded(id))")
        let inbox = goal == .attention ? try await client.get("/api/inbox") : .null
        let needsPerson = (inbox["items"]?.array ?? []).contains { $0["sessionId"]?.string == id }
        return settle(session, needsPerson: needsPerson)
    }

    private func note(_ delta: JSON) -> Outcome? {
        let text = DeltaText(json: delta)
        return settle(text.isDeletion ? nil : delta["after"], needsPerson: text.attention != nil)
    }

    private func settle(_ session: JSON?, needsPerson: Bool) -> Outcome? {
        let outcome = goal.outcome(state: session.map { SessionText(json: $0).state }, needsPerson: needsPerson)
        state.withLock { state in
            state.session = session
            state.outcome = outcome
        }
        return outcome
    }

    /// Updates one line on standard error until the task is cancelled.
    func showProgress() async -> Result<Outcome, ControlError> {
        let began = Duration.monotonic
        while !Task.isCancelled {
            let words = latest.map { DeltaText.words(of: SessionText(json: $0).state) } ?? "looking"
            TerminalOutput.showProgress(
                "\(id): \(words), \(age(seconds: Int((.monotonic - began).components.seconds)))")
            try? await Task.sleep(for: .seconds(1))
        }
        return .success(.timedOut)
    }
}
