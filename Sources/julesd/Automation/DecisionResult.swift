// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What came of an attempt to carry a decision out.
enum DecisionResult: Sendable, Equatable {
    /// - Parameter created: the session that a retry has created.
    case done(created: String?)
    /// Done, and noted in the same step.
    case acknowledged
    /// The rule notes only.
    case dry
    case dropped(String)
    case failed(String)
    /// To be tried again.
    ///
    /// - Parameter isUndone: nothing has been done, for certain.
    case again(Duration, isUndone: Bool, String)
    /// It had ended already.
    case over
}

/// Why a decision must not be carried out any more.
struct DecisionUnmetError: Error, Equatable {
    let reason: String
}

/// The last attempt may still have its effect: what shows no trace of it yet proves nothing.
struct DecisionUnsettledError: Error, Equatable {
    let remaining: Duration
}

extension DecisionResult {
    /// How long an attempt of which nobody knows what came is given to show.
    static let settleTime = RequestAttempt.longestDelay
    /// How long an uncertain attempt is looked after. Its traces are kept for a day.
    static let patience = Duration.seconds(43_200)
    /// The pause after an attempt that failed because Jules did not serve.
    static let pause = Duration.seconds(30)

    /// What follows from an error.
    ///
    /// - Parameters:
    ///   - age: for how long the decision has been carried out.
    ///   - wasTried: Jules had been asked before this attempt.
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
