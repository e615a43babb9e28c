// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A request that must not be made twice. A search in the account shows whether it has been done.
protocol ReconciledRequest: Sendable {
    /// What the request needs, apart from its own values.
    associatedtype Preparation: Sendable

    /// Checks the request and reads what it needs. If this throws, nothing has been requested yet.
    func prepare() async throws -> Preparation

    /// The names of sessions or activities created after `time` that exist already and could be taken for the outcome.
    func known(after time: Timestamp) async throws -> Set<String>

    /// Makes the request. Failures after the API has accepted it are no longer errors of the request.
    func make(_ preparation: Preparation, _ attempt: RequestAttempt) async throws(UpstreamError) -> RequestOutcome

    /// Whether the request may have been done in spite of `error`.
    func mayHaveBeenDone(after error: UpstreamError) -> Bool

    /// Searches for the outcome of an attempt and claims it; `nil` if there is none.
    func find(_ attempt: RequestAttempt) async throws -> RequestOutcome?
}

extension ReconciledRequest {
    func mayHaveBeenDone(after error: UpstreamError) -> Bool { error.mayHaveArrived }
}

/// The API did not say whether it did what was asked, and a search did not show it either.
struct UncertainOutcomeError: Error {
    /// The API's answer.
    let cause: UpstreamError
    /// Whether the same request can be repeated without doing it twice.
    let mayBeRepeated: Bool
}

/// Makes requests that must not be made twice. If an answer is lost, it searches for the outcome.
struct Reconciler: Sendable {
    /// The pauses before each search: the API may still be working on a request that it has not answered in time.
    let searchPauses: [Duration]
    /// The wall clock.
    let now: @Sendable () -> Timestamp

    /// Makes a request without a key.
    ///
    /// - Throws: what the preparation throws, `UpstreamError`, `UncertainOutcomeError`.
    func run(_ request: some ReconciledRequest) async throws -> RequestOutcome {
        let preparation = try await request.prepare()
        let attempt = try await request.attempt(by: randomToken(), at: now())
        return try await run(request, preparation, attempt, hasKey: false)
    }

    /// Makes a prepared request.
    ///
    /// - Parameter hasKey: whether the client can repeat it under the same key. Then the outcome is searched for before the
    ///   API is asked again.
    /// - Throws: `UpstreamError` if the request has certainly not been done, else `UncertainOutcomeError`.
    func run<Request: ReconciledRequest>(
        _ request: Request, _ preparation: Request.Preparation, _ attempt: RequestAttempt, hasKey: Bool
    ) async throws -> RequestOutcome {
        do throws(UpstreamError) { return try await request.make(preparation, attempt) } catch {
            guard request.mayHaveBeenDone(after: error) else { throw error }
            var hasLooked = false
            for pause in searchPauses {
                if pause > .zero { try? await Task.sleep(for: pause) }
                do {
                    if let outcome = try await request.find(attempt) { return outcome }
                    hasLooked = true
                } catch { hasLooked = false }
            }
            // If the API has answered with an error, it no longer works on the request.
            let isOver = if case .failed = error { true } else { false }
            throw UncertainOutcomeError(cause: error, mayBeRepeated: hasKey || (isOver && hasLooked))
        }
    }
}

extension ReconciledRequest {
    /// A first attempt that begins now.
    func attempt(by owner: String, at now: Timestamp) async throws -> RequestAttempt {
        var attempt = RequestAttempt(owner: owner, began: now, tried: now, known: [])
        attempt.known = try await known(after: attempt.earliest)
        return attempt
    }
}
