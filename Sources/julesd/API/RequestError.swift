// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// An error in the form of the API: a stable code for programs, a sentence for people.
struct RequestError: Error, Sendable {
    let status: HTTPResponseStatus
    let code: String
    private(set) var message: String
    /// Additional members of the body.
    var members: [JSONObject.Member] = []
    var headers: HTTPHeaders = [:]

    init(
        _ status: HTTPResponseStatus, _ code: String, _ message: String, members: [JSONObject.Member] = [],
        headers: HTTPHeaders = [:]
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.members = members
        self.headers = headers
    }

    /// The body `{"error":…,"message":…,"requestId":…, …}` with its status and headers.
    func response(requestID: String) -> HTTPResponse {
        var object = JSONObject([
            .init(name: "error", value: .string(code)), .init(name: "message", value: .string(message)),
            .init(name: "requestId", value: .string(requestID)),
        ])
        object.members += members
        var response = HTTPResponse.json(status, JSON.object(object).bytes)
        response.headers.add(contentsOf: headers)
        response.headers.add(name: "x-request-id", value: requestID)
        return response
    }
}

extension RequestError {
    /// The code of a request beyond RATE_LIMIT.
    static let rateLimitedCode = "rate_limited"

    /// One error in a request, and its place.
    struct Detail: Sendable, Equatable {
        let field: String
        let message: String

        init(field: String, message: String) {
            // The name of a field comes from the client and may fill the whole body.
            self.field = field.utf8.count <= 200 ? field : String(field.prefix(50)) + "…"
            self.message = message
        }
    }

    /// How many details an answer has at most: a body of a megabyte can have a hundred thousand errors.
    static let mostDetails = 50

    static func invalid(_ details: [Detail]) -> RequestError {
        var details = details
        if details.count > mostDetails {
            let rest = details.count - mostDetails
            details = details.prefix(mostDetails) + [Detail(field: "…", message: "and \(rest) more are wrong")]
        }
        let sentence = details.map { "\($0.field) \($0.message)" }.joined(separator: "; ")
        return RequestError(
            .badRequest, "invalid_request", "The request cannot be used: \(sentence).",
            members: [
                .init(
                    name: "details",
                    value: .array(details.map { ["field": .string($0.field), "message": .string($0.message)] }))
            ])
    }

    static func invalid(_ field: String, _ message: String) -> RequestError {
        invalid([Detail(field: field, message: message)])
    }

    /// A bug in the daemon.
    static let internalError = RequestError(
        .internalServerError, "internal_error", "The daemon failed; its log tells more.")

    static func notFound(_ what: String) -> RequestError {
        RequestError(.notFound, "not_found", "There is no \(what).")
    }

    static func noSession(_ id: String) -> RequestError { .notFound("session \(id)") }

    static func conflict(_ message: String, retry: Bool = false) -> RequestError {
        RequestError(
            .conflict, "conflict", message, members: retry ? [.init(name: "retry", value: true)] : [])
    }

    /// The meaning of an error for the client; `nil` if it is a bug in the daemon.
    init?(any error: any Error) {
        switch error {
        case let problem as RequestError: self = problem
        case let error as UpstreamError: self.init(error)
        case let error as UncertainOutcomeError: self.init(error)
        case let error as SessionActionError: self.init(error)
        case is KeyedRequests.MismatchError:
            self.init(
                .unprocessableEntity, "idempotency_mismatch", "This Idempotency-Key came with another request before.")
        case is QueueStore.FullError:
            self.init(
                .serviceUnavailable, "overloaded", "The queue is full: wait until some of its tasks have started.",
                headers: ["retry-after": "60"])
        case let error as any StorageError where error.isUnavailable: self = .storeUnavailable
        default: return nil
        }
    }

    /// The store cannot be reached at present.
    static let storeUnavailable = RequestError(
        .serviceUnavailable, "store_unavailable", "The store cannot be reached at present.",
        headers: ["retry-after": "2"])

    /// The meaning of the Jules API's error for the client.
    init(_ error: UpstreamError) {
        switch error {
        case .timedOut:
            self.init(.gatewayTimeout, "jules_timeout", "Jules did not answer in time.")
        case .throttled(let retryAfter):
            let seconds = (retryAfter ?? .seconds(30)).roundedUpSeconds
            self.init(
                .tooManyRequests, "jules_rate_limited", "Jules asks for fewer requests; try again in \(seconds) s.",
                headers: ["retry-after": String(seconds)])
        case .keyRejected:
            self.init(.badGateway, "jules_auth_failed", "Jules refuses the daemon's API key.")
        case .otherAccount:
            self.init(.badGateway, "jules_auth_failed", "The daemon does not use its API key: \(error).")
        case .refused(let status, _, let message, let detail):
            self.init(
                HTTPResponseStatus(statusCode: status), "jules_error",
                message.isEmpty ? "Jules refuses this." : message,
                members: [.init(name: "detail", value: detail ?? .string(message))])
        case .withheld: self = .storeUnavailable
        case .unreachable, .failed, .undecodable, .cancelled:
            self.init(
                .badGateway, "jules_unavailable", "No usable answer: \(error).",
                members: [.init(name: "retry", value: true)])
        }
    }
}

extension RequestError {
    /// The error for a request with an unknown outcome.
    init(_ error: UncertainOutcomeError) {
        self.init(error.cause)
        guard !error.mayBeRepeated, code != "jules_error" else { return }
        message += " It may have been done all the same: look before you ask again."
        members.removeAll { $0.name == "retry" }
    }

    init(_ error: SessionActionError) {
        self =
            switch error {
            case .unknownSession(let id): .noSession(id)
            case .otherPlan(let wanted, let newest?):
                .conflict("The session's newest plan is \(newest), not \(wanted).")
            case .otherPlan: .conflict("The session has no plan yet.")
            case .stillQueued: .conflict("The session is still queued and takes no messages yet.", retry: true)
            case .unknownRepository(let repository, let near):
                .invalid(
                    "repo",
                    "names no repository of this account: \(repository)\(near.map { "; did you mean \($0)" } ?? "")")
            case .unknownDefaultBranch(let repository):
                .invalid("branch", "is required: the default branch of \(repository) is not known")
            }
    }
}
