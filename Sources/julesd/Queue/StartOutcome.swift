// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension QueueSchedule.Outcome {
    /// What it means for a task that the request for its session failed with `error`.
    init(_ error: any Error) {
        switch error {
        case let error as RetryWithdrawnError: self = .withdrawn(error.reason)
        case let error as RetryUnconfirmedError: self = .trouble("\(error.cause)", mayHaveStarted: false)
        case let error as UncertainOutcomeError: self.init(error.cause, mayHaveStarted: true)
        case let error as UpstreamError: self.init(error, mayHaveStarted: error.mayHaveArrived)
        case SessionActionError.unknownRepository(let repository, _):
            self = .impossible("the account has no repository \(repository)")
        case SessionActionError.unknownDefaultBranch(let repository):
            self = .impossible("the default branch of \(repository) is not known: name a branch")
        // The store failed before or after the API was asked: only a search can tell.
        default: self = .trouble("the store fails: \(error)", mayHaveStarted: true)
        }
    }

    private init(_ error: UpstreamError, mayHaveStarted: Bool) {
        switch error {
        case .throttled(let retryAfter):
            self = .refused("\(error)", retryAfter: retryAfter, mayHaveStarted: mayHaveStarted)
        case .refused where error.isFailedPrecondition:
            self = .refused("\(error)", retryAfter: nil, mayHaveStarted: mayHaveStarted)
        // An error of a front end, or a refused key, concerns more than this task.
        case .refused where !error.meansTrouble: self = .impossible("\(error)")
        case .refused, .keyRejected, .otherAccount, .timedOut, .unreachable, .failed, .undecodable, .cancelled,
            .withheld:
            self = .trouble("\(error)", mayHaveStarted: mayHaveStarted)
        }
    }
}
