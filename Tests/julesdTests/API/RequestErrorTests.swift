// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import Testing

@testable import julesd

@Suite("Errors of a request", .timeLimit(.minutes(2)))
struct RequestErrorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let error: any Error
        let status: Int
        let code: String
        /// `Retry-After` in seconds.
        let retryAfter: String?
        /// Whether the body says that the same request may be made again.
        let retry: Bool
        var testDescription: String { "\(error)" }

        init(_ error: any Error, _ status: Int, _ code: String, retryAfter: String? = nil, retry: Bool = false) {
            (self.error, self.status, self.code, self.retryAfter, self.retry) = (error, status, code, retryAfter, retry)
        }
    }

    private static func refused(_ status: Int) -> UpstreamError {
        .refused(status: status, canonical: "NOT_FOUND", message: "no", detail: nil)
    }

    @Test(
        "Each error has its status, its code, and says when to ask again",
        arguments: [
            Row(UpstreamError.timedOut(sent: true), 504, "jules_timeout"),
            Row(UpstreamError.throttled(retryAfter: nil), 429, "jules_rate_limited", retryAfter: "30"),
            Row(UpstreamError.throttled(retryAfter: .milliseconds(1500)), 429, "jules_rate_limited", retryAfter: "2"),
            Row(UpstreamError.keyRejected(status: 401, message: "m"), 502, "jules_auth_failed"),
            Row(UpstreamError.otherAccount(kept: 3), 502, "jules_auth_failed"),
            Row(refused(404), 404, "jules_error"), Row(refused(400), 400, "jules_error"),
            Row(UpstreamError.unreachable(reason: "r", sent: false), 502, "jules_unavailable", retry: true),
            Row(UpstreamError.failed(status: 500, retryAfter: nil), 502, "jules_unavailable", retry: true),
            Row(UpstreamError.undecodable(reason: "r"), 502, "jules_unavailable", retry: true),
            Row(UpstreamError.cancelled(sent: false), 502, "jules_unavailable", retry: true),
            // The client must not repeat what may have been carried out.
            Row(
                UncertainOutcomeError(cause: .failed(status: 500, retryAfter: nil), mayBeRepeated: false), 502,
                "jules_unavailable"),
            Row(
                UncertainOutcomeError(cause: .failed(status: 500, retryAfter: nil), mayBeRepeated: true), 502,
                "jules_unavailable", retry: true),
            Row(SessionActionError.unknownSession("1"), 404, "not_found"),
            Row(SessionActionError.otherPlan(wanted: "a", newest: "b"), 409, "conflict"),
            Row(SessionActionError.otherPlan(wanted: "a", newest: nil), 409, "conflict"),
            Row(SessionActionError.stillQueued, 409, "conflict", retry: true),
            Row(SessionActionError.unknownRepository("a/b", near: nil), 400, "invalid_request"),
            Row(SessionActionError.unknownDefaultBranch(repository: "a/b"), 400, "invalid_request"),
            Row(KeyedRequests.MismatchError(), 422, "idempotency_mismatch"),
            Row(QueueStore.FullError(), 503, "overloaded", retryAfter: "60"),
            Row(UpstreamError.withheld(.storeUnavailable), 503, "store_unavailable", retryAfter: "2"),
            Row(PostgreSQLError(sqlState: nil, message: "m"), 503, "store_unavailable", retryAfter: "2"),
            Row(PostgreSQLError(sqlState: "57P01", message: "m"), 503, "store_unavailable", retryAfter: "2"),
        ])
    func rows(row: Row) throws {
        let response = try #require(RequestError(any: row.error)).response(requestID: "r1")
        #expect(Int(response.status.code) == row.status)
        #expect(response.headers.first(name: "retry-after") == row.retryAfter)
        #expect(response.headers.first(name: "x-request-id") == "r1")
        let body = try response.json
        #expect(body["error"]?.string == row.code)
        #expect(body["requestId"]?.string == "r1")
        #expect(body["message"]?.string?.isEmpty == false)
        #expect(body["retry"] == (row.retry ? .bool(true) : nil))
    }

    @Test("If a request may have been carried out, the message says so")
    func uncertain() throws {
        let cause = UpstreamError.timedOut(sent: true)
        let problem = RequestError(UncertainOutcomeError(cause: cause, mayBeRepeated: false))
        #expect(
            problem.message == RequestError(cause).message
                + " It may have been done all the same: look before you ask again.")
    }

    @Test("An unknown error is an error of the daemon itself")
    func ownFault() {
        #expect(RequestError(any: StrangeError()) == nil)
    }

    private struct StrangeError: Error {}

    @Test("All details are named, but at most fifty", arguments: [(1, 1), (50, 50), (51, 51), (1000, 51)])
    func details(count: Int, told: Int) throws {
        let problem = RequestError.invalid((1...count).map { .init(field: "f\($0)", message: "is wrong") })
        let details = try #require(try problem.response(requestID: "r").json["details"]?.array)
        #expect(details.count == told)
        #expect(details.first?["field"]?.string == "f1")
        #expect((details.last?["message"]?.string == "and \(count - 50) more are wrong") == (count > 50))
    }

    @Test("A long field name from a client is shortened", arguments: [(200, 200), (201, 51)])
    func fieldNames(length: Int, told: Int) {
        let detail = RequestError.Detail(field: String(repeating: "x", count: length), message: "is wrong")
        #expect(detail.field.count == told)
    }
}

extension HTTPResponse {
    fileprivate var json: JSON {
        get throws {
            guard case .bytes(let bytes) = body else { return .null }
            return try JSON(parsing: bytes)
        }
    }
}
