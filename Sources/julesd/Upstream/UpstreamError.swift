// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Why a call to the Jules API gave no usable answer.
enum UpstreamError: Error, Equatable {
    /// There is no key, or this one does not count (any more): a person has to look.
    case keyRejected(status: Int, message: String)
    /// The key counts, but sees none of the sessions that are kept here, so many: a person has to look.
    case otherAccount(kept: Int)
    /// The answer took too long; `sent` tells whether any of the request left this machine.
    case timedOut(sent: Bool)
    /// No connection, or one that broke; `sent` tells whether any of the request left this machine.
    case unreachable(reason: String, sent: Bool)
    /// Too many requests, or the quota is used up.
    case throttled(retryAfter: Duration?)
    /// Any other 4xx. `canonical` is the API's own code (`NOT_FOUND`, …), absent where a front end answered in its
    /// place.
    case refused(status: Int, canonical: String?, message: String, detail: JSON?)
    /// A 5xx.
    case failed(status: Int, retryAfter: Duration?)
    /// An answer that is not what the API is known to send.
    case undecodable(reason: String)
    /// The caller gave up.
    case cancelled(sent: Bool)

    /// True when waiting may cure it; the others need a person, or another request.
    var isTransient: Bool {
        switch self {
        case .timedOut, .unreachable, .throttled, .failed: true
        case .keyRejected, .otherAccount, .refused, .undecodable, .cancelled: false
        }
    }

    /// False where what was asked for has certainly not been done. Otherwise only a look at the resource tells.
    var mayHaveArrived: Bool {
        switch self {
        case .timedOut(let sent), .unreachable(_, let sent), .cancelled(let sent): sent
        case .failed, .undecodable: true
        case .refused, .keyRejected, .otherAccount, .throttled: false
        }
    }

    /// The refusal that gives no reason: a limit is reached, the repository is not usable, the session's state forbids it.
    var isFailedPrecondition: Bool {
        if case .refused(_, canonical: "FAILED_PRECONDITION", _, _) = self { true } else { false }
    }

    /// True where the API itself says that the resource does not exist. A front end's 404 (a wrong base URL) is
    /// something else.
    var isNotFound: Bool {
        if case .refused(status: 404, canonical: "NOT_FOUND", _, _) = self { true } else { false }
    }

    /// How long the API asks to wait.
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
    /// The failure as a sentence for a log.
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
        }
    }
}
