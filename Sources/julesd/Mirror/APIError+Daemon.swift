// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

extension APIError {
    /// The answer to a tool whose request failed with `error`; `nil` if the error is a bug in the daemon.
    init?(any error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as UpstreamError: self.init(error)
        case let error as UncertainOutcomeError:
            self.init(error.cause)
            message +=
                " The request may have been done all the same; the same one again within ten minutes looks first."
        // The API answers 404 to a write to a session that is still queued.
        case SessionActionError.unknownSession, SessionActionError.stillQueued: self = .notFound
        case is SessionActionError: self = .preconditionFailed
        case let error as any StorageError where error.isUnavailable:
            self = .unavailable("julesd's store cannot be reached at present", retryAfter: .seconds(2))
        default: return nil
        }
    }

    /// The API's refusal, unchanged. If the API did not answer, an error in the form of a Google front end.
    init(_ error: UpstreamError) {
        switch error {
        case .refused(let status, let canonical, let message, let detail):
            self.init(
                code: status, status: canonical ?? Self.canonicalName(of: status), message: message,
                details: detail?.array ?? [])
        case .keyRejected(let status, let message):
            self.init(
                code: status, status: Self.canonicalName(of: status),
                message: "The Jules API refuses julesd's own key, not yours: \(message)")
        case .otherAccount:
            self.init(
                code: 401, status: Self.canonicalName(of: 401), message: "julesd does not use its own key: \(error).")
        case .throttled(let retryAfter):
            self = .exhausted("\(error)", retryAfter: retryAfter ?? .seconds(30))
        case .failed(let status, let retryAfter):
            self.init(code: status, status: Self.canonicalName(of: status), message: "\(error)")
            if let retryAfter { note(retryAfter: retryAfter) }
        case .timedOut: self.init(code: 504, status: Self.canonicalName(of: 504), message: "\(error)")
        case .unreachable, .undecodable, .cancelled: self = .unavailable("\(error)", retryAfter: nil)
        case .withheld: self = .unavailable("\(error)", retryAfter: .seconds(2))
        }
    }

    static func unavailable(_ message: String, retryAfter: Duration?) -> APIError {
        var error = APIError(code: 503, status: canonicalName(of: 503), message: message)
        if let retryAfter { error.note(retryAfter: retryAfter) }
        return error
    }

    static func exhausted(_ message: String, retryAfter: Duration) -> APIError {
        var error = APIError(code: 429, status: canonicalName(of: 429), message: message)
        error.note(retryAfter: retryAfter)
        return error
    }

    /// In how many seconds the tool may try again; `nil` if the error does not say so.
    var retrySeconds: Int64? {
        details.lazy.compactMap { $0["retryDelay"]?.string }.compactMap { Int64($0.dropLast()) }.first
    }

    /// Adds google.rpc.RetryInfo, in whole seconds.
    private mutating func note(retryAfter: Duration) {
        details.append([
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": .string("\(retryAfter.roundedUpSeconds)s"),
        ])
    }
}
