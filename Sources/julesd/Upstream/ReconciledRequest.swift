// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A request that must not be made twice, and of which a look at the account tells whether it has been done.
protocol ReconciledRequest: Sendable {
    /// What the request needs besides itself.
    associatedtype Preparation: Sendable

    /// Checks the request and reads what it needs. Nothing has been asked for yet if this throws.
    func prepare() async throws -> Preparation

    /// The names of what was created after `time`, is there already and could be taken for the outcome.
    func known(after time: Timestamp) async throws -> Set<String>

    /// Makes the request. What follows upon the API's consent cannot fail the request any more.
    func make(_ preparation: Preparation, _ attempt: RequestAttempt) async throws(UpstreamError) -> RequestOutcome

    /// Whether the request may have been done in spite of `error`.
    func mayHaveBeenDone(after error: UpstreamError) -> Bool

    /// Looks for the outcome of an attempt and claims it; `nil` if there is none.
    func find(_ attempt: RequestAttempt) async throws -> RequestOutcome?
}

extension ReconciledRequest {
    func mayHaveBeenDone(after error: UpstreamError) -> Bool { error.mayHaveArrived }
}

/// The API did not say whether it did what it was asked for, and looking did not tell either.
struct UncertainOutcomeError: Error {
    /// What the API answered instead.
    let cause: UpstreamError
    /// Whether the same request can be made again without doing it twice.
    let mayBeRepeated: Bool
}

/// Makes requests that must not be made twice. A lost answer is made up for by looking.
struct Reconciler: Sendable {
    /// The pauses before each look: the API may still be at work on what it has not answered in time.
    let searchPauses: [Duration]
    /// The time of day.
    let now: @Sendable () -> Timestamp

    /// Makes a request that came without a key.
    func run(_ request: some ReconciledRequest) async throws -> RequestOutcome {
        let preparation = try await request.prepare()
        let attempt = try await request.attempt(by: randomToken(), at: now())
        return try await run(request, preparation, attempt, hasKey: false)
    }

    /// Makes a prepared request.
    ///
    /// - Parameter hasKey: whether the client can ask again under the same key, which searchPauses before it asks the API.
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
            // What the API has answered with an error it is not at work on any more.
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
