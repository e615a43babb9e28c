// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Asks the API whether it answers and takes the key, sparingly: one question at a time, its answer shared for a second.
actor UpstreamProbe {
    struct Answer: Sendable {
        /// `nil` where the API answered as it should.
        var trouble: UpstreamError?
        var at: Timestamp
        /// The budget allowed no question; this is the last answer.
        var stale = false
    }

    /// How long the API may take, and how long an answer is shared.
    static let limit = Duration.seconds(1)

    private let gate: UpstreamGate
    private var last: (answer: Answer, read: Duration)?
    private var asking: Task<Answer, Never>?

    init(gate: UpstreamGate) { self.gate = gate }

    /// The answer to a question asked now or within the last second.
    func ask() async -> Answer {
        if let last, .monotonic - last.read < Self.limit { return last.answer }
        if let asking { return await asking.value }
        if let last, await gate.remaining(for: .probe) == 0 {
            var answer = last.answer
            answer.stale = true
            return answer
        }
        // While this one waited for the gate another may have begun to ask.
        if let asking { return await asking.value }
        let task = Task { [gate] in
            do throws(UpstreamError) {
                try await Self.question(gate)
                return Answer(trouble: nil, at: .now)
            } catch {
                return Answer(trouble: error, at: .now)
            }
        }
        asking = task
        let answer = await task.value
        asking = nil
        last = (answer, .monotonic)
        return answer
    }

    private static func question(_ gate: UpstreamGate) async throws(UpstreamError) {
        let answer = await withTaskGroup(of: Result<Void, UpstreamError>.self) { group in
            group.addTask {
                do throws(UpstreamError) {
                    try await gate.call(for: .probe, patience: limit) { (client) throws(UpstreamError) in
                        _ = try await client.sessions(pageToken: nil, pageSize: 1)
                    }
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
            // The request may have to wait for others before its own second begins.
            group.addTask {
                try? await Task.sleep(for: limit)
                return .failure(.timedOut(sent: true))
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(.timedOut(sent: true))
        }
        try answer.get()
    }
}
