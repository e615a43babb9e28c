// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Asks the API whether it answers and accepts the key, with few requests: one probe at a time, its result shared for a
/// second.
actor UpstreamProbe {
    struct Answer: Sendable {
        /// `nil` if the API answered as it should.
        var trouble: UpstreamError?
        var at: Timestamp
        /// No probe could be sent, because there was no budget or no free place. This is the last result.
        var stale = false
    }

    /// How long the API may take, and how long a result is shared.
    static let limit = Duration.seconds(1)

    private let gate: UpstreamGate
    private let answered: @Sendable () -> Void
    private var last: (answer: Answer, read: Duration)?
    private var asking: Task<Answer, Never>?

    /// - Parameter answered: called with each good answer while the list cannot be read.
    init(gate: UpstreamGate, answered: @escaping @Sendable () -> Void = {}) {
        self.gate = gate
        self.answered = answered
    }

    /// The result of a probe sent now or within the last second.
    ///
    /// A failure of the last poll counts as trouble too: if the list cannot be read, our copy gets old, even if the API
    /// answers probes.
    func ask() async -> Answer {
        // An API with another account gets no requests except those of `AccountCheck`.
        if let error = gate.health.status.trouble?.error, case .otherAccount = error {
            return Answer(trouble: error, at: .now)
        }
        var answer = await current()
        if answer.trouble == nil, let trouble = gate.health.status.trouble {
            if !answer.stale { answered() }
            answer.trouble = trouble.error
        }
        return answer
    }

    private func current() async -> Answer {
        if let last, .monotonic - last.read < Self.limit { return last.answer }
        if let asking { return await asking.value }
        if let last, gate.remaining(for: .probe) == 0 { return last.answer.asStale }
        let task = Task { [gate, last] in
            do throws(UpstreamError) {
                try await Self.question(gate)
                return Answer(trouble: nil, at: .now)
            } catch {
                // If nothing was sent, the result says nothing about the API.
                if let last, Self.isOwn(error, gate) { return last.answer.asStale }
                return Answer(trouble: error, at: .now)
            }
        }
        asking = task
        let answer = await task.value
        asking = nil
        if !answer.stale { last = (answer, .monotonic) }
        return answer
    }

    /// Whether the error is not the API's: no place was free, or the budget is used up, perhaps by another instance.
    private static func isOwn(_ error: UpstreamError, _ gate: UpstreamGate) -> Bool {
        switch error {
        case .timedOut(sent: false), .withheld: true
        case .throttled: gate.remaining(for: .probe) == 0
        default: false
        }
    }

    private static func question(_ gate: UpstreamGate) async throws(UpstreamError) {
        let sent = Latch()
        let answer = await withTaskGroup(of: Result<Void, UpstreamError>.self) { group in
            group.addTask {
                do throws(UpstreamError) {
                    try await gate.call(for: .probe, patience: limit, source: .probe) {
                        (client) throws(UpstreamError) in
                        sent.set()
                        _ = try await client.sessions(pageToken: nil, pageSize: 1)
                    }
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return .failure(.timedOut(sent: sent.isSet))
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(.timedOut(sent: true))
        }
        try answer.get()
    }
}

extension UpstreamProbe.Answer {
    fileprivate var asStale: Self {
        var answer = self
        answer.stale = true
        return answer
    }
}
