// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The result of an attempt to carry a decision out.
enum DecisionResult: Sendable, Equatable {
    case done
    /// Done, and already recorded.
    case acknowledged
    /// It waits in the queue, which ends it.
    case queued
    /// The rule is a dry run.
    case dry
    case dropped(String)
    case failed(String)
    /// It is tried again.
    ///
    /// - Parameter isUndone: whether it is certain that nothing has been done.
    case again(Duration, isUndone: Bool, String)
    /// The decision had already ended.
    case over
}

/// Why a decision must not be carried out any more.
struct DecisionUnmetError: Error, Equatable {
    let reason: String
}

/// The last attempt may still take effect. That there is no trace of it yet proves nothing.
struct DecisionUnsettledError: Error, Equatable {
    let remaining: Duration
}

extension DecisionResult {
    /// How long an attempt with an unknown result may take to show its effect.
    static let settleTime = RequestAttempt.longestDelay
    /// How long julesd searches for the effect of an uncertain attempt. Its traces are kept for a day.
    static let patience = Duration.seconds(43_200)
    /// The pause after an attempt that failed because Jules did not serve.
    static let pause = Duration.seconds(30)

    /// What follows from an error.
    ///
    /// - Parameters:
    ///   - age: how long ago carrying out the decision began.
    ///   - wasTried: whether Jules had been asked before this attempt.
    init(_ error: any Error, age: Duration, wasTried: Bool) {
        switch error {
        case let error as DecisionUnmetError: self = .dropped(error.reason)
        case let error as DecisionUnsettledError:
            self = .again(error.remaining, isUndone: false, "waiting for traces of an earlier attempt")
        case SessionActionError.otherPlan: self = .dropped("another plan has taken its place")
        case SessionActionError.unknownSession: self = .dropped("the session is gone")
        case SessionActionError.stillQueued: self = .again(Self.pause, isUndone: true, "the session is still queued")
        case is SessionActionError: self = .failed("\(error)")
        case let error as UncertainOutcomeError:
            self =
                age < Self.patience
                ? .again(Self.settleTime, isUndone: false, "Jules did not say whether it was done: \(error.cause)")
                : .failed("nobody knows whether it was done: \(error.cause)")
        case let error as UpstreamError where error.isTransient || error.refusesKey:
            self = .again(max(error.retryAfter ?? .zero, Self.pause), isUndone: !wasTried, "\(error)")
        case let error as UpstreamError: self = .failed("\(error)")
        case is KeyedRequests.MismatchError: self = .failed("the decision's key was used for another request")
        default: self = .again(Self.pause, isUndone: !wasTried, "\(error)")
        }
    }
}
