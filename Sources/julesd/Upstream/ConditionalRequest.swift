// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A request that is made only if a condition holds at that moment. Before that, an earlier attempt is searched for.
struct ConditionalRequest<Request: ReconciledRequest>: ReconciledRequest {
    let request: Request
    /// Throws if the request must not be made.
    let condition: @Sendable () async throws -> Void

    func prepare() async throws -> Request.Preparation {
        let preparation = try await request.prepare()
        try await condition()
        return preparation
    }

    func known(after time: Timestamp) async throws -> Set<String> { try await request.known(after: time) }

    func make(
        _ preparation: Request.Preparation, _ attempt: RequestAttempt
    ) async throws(UpstreamError) -> RequestOutcome {
        try await request.make(preparation, attempt)
    }

    func mayHaveBeenDone(after error: UpstreamError) -> Bool { request.mayHaveBeenDone(after: error) }

    func find(_ attempt: RequestAttempt) async throws -> RequestOutcome? { try await request.find(attempt) }
}
