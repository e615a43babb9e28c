// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Why a call to the Jules API gave no usable answer.
enum UpstreamError: Error, Equatable {
    /// There is no key, or it is not valid: a person has to act.
    case keyRejected(status: Int, message: String)
    /// The key is valid, but sees none of the stored sessions, of which there are `kept`: a person has to act.
    case otherAccount(kept: Int)
    /// The answer took too long. `sent`: whether a part of the request left this machine.
    case timedOut(sent: Bool)
    /// No connection, or one that broke. `sent`: whether a part of the request left this machine.
    case unreachable(reason: String, sent: Bool)
    /// Too many requests, or the quota is used up.
    case throttled(retryAfter: Duration?)
    /// Any other 4xx. `canonical` is the API's own code (`NOT_FOUND`, …); `nil` if a front end has answered.
    case refused(status: Int, canonical: String?, message: String, detail: JSON?)
    /// A 5xx.
    case failed(status: Int, retryAfter: Duration?)
    /// An answer that the API is not known to send.
    case undecodable(reason: String)
    /// The caller has cancelled the request.
    case cancelled(sent: Bool)
    /// The store that all instances share did not permit the request, so it was not sent.
    case withheld(Withholding)

    /// Why a request was not permitted.
    enum Withholding: Equatable {
        /// Nobody knows what the others have sent.
        case storeUnavailable
        /// The request is the leader's, and another instance leads by now.
        case anotherLeads
        /// Another instance has taken over the request with this key.
        case keyTaken
    }

    /// Whether waiting may help. The others need a person, or another request.
    var isTransient: Bool {
        switch self {
        case .timedOut, .unreachable, .throttled, .failed, .withheld: true
        case .keyRejected, .otherAccount, .refused, .undecodable, .cancelled: false
        }
    }

    /// `false` if the request has certainly not been executed. If `true`, only a search shows it.
    var mayHaveArrived: Bool {
        switch self {
        case .timedOut(let sent), .unreachable(_, let sent), .cancelled(let sent): sent
        case .failed, .undecodable: true
        case .refused, .keyRejected, .otherAccount, .throttled, .withheld: false
        }
    }

    /// The error that gives no reason: a limit is reached, the repository cannot be used, or the session's state forbids it.
    var isFailedPrecondition: Bool {
        if case .refused(_, canonical: "FAILED_PRECONDITION", _, _) = self { true } else { false }
    }

    /// Whether the API itself says that the resource does not exist. A 404 of a front end (for a wrong base URL) is something
    /// else.
    var isNotFound: Bool {
        if case .refused(status: 404, canonical: "NOT_FOUND", _, _) = self { true } else { false }
    }

    /// How long the API asks to wait; `nil` if it does not say.
    var retryAfter: Duration? {
        switch self {
        case .throttled(let retryAfter), .failed(_, let retryAfter): retryAfter
        default: nil
        }
    }
}

extension UpstreamError {
    init(_ error: TransportError) {
        self =
            switch error {
            case .timedOut(let sent): .timedOut(sent: sent)
            case .unreachable(let reason, let sent): .unreachable(reason: reason, sent: sent)
            case .tls, .invalid: .unreachable(reason: error.description, sent: false)
            case .tooLarge: .undecodable(reason: error.description)
            case .cancelled(let sent): .cancelled(sent: sent)
            }
    }
}

extension UpstreamError: CustomStringConvertible {
    /// The error as a sentence for a log.
    var description: String {
        switch self {
        case .keyRejected(let status, let message): "the Jules API refused the key (\(status)): \(message)"
        case .otherAccount(let kept):
            "the API key belongs to another account than the one kept here: it sees none of its sessions (\(kept))"
        case .timedOut: "the Jules API did not answer in time"
        case .unreachable(let reason, _): "the Jules API cannot be reached: \(reason)"
        case .throttled(let pause): "the Jules API asks for fewer requests" + (pause.map { ", wait \($0)" } ?? "")
        case .refused(let status, let canonical, let message, _):
            "the Jules API refused the request (\(status)\(canonical.map { " \($0)" } ?? "")): \(message)"
        case .failed(let status, _): "the Jules API failed (\(status))"
        case .undecodable(let reason): "the Jules API answered something unknown: \(reason)"
        case .cancelled: "the call was cancelled"
        case .withheld(.storeUnavailable): "Jules was not asked, because the store of all instances cannot be reached"
        case .withheld(.anotherLeads): "Jules was not asked, because another instance leads now"
        case .withheld(.keyTaken): "Jules was not asked, because another instance makes this request"
        }
    }
}
