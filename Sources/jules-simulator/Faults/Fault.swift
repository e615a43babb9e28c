// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

/// An error that the simulator causes for some requests.
struct Fault: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// A status other than the true one, as JSON or as the front end's HTML.
        case status(Int, html: Bool, RetryAfter)
        /// 400 FAILED_PRECONDITION, which gives no reason.
        case refuse
        case redirect(location: String)
        case delay(Duration)
        case reset
        case truncate
        case drip(bytes: Int, every: Duration)
        /// The body is labelled as gzip, but is not gzip.
        case brokenGzip
        /// 200 with something that is not JSON.
        case wrongJSON
        /// The next page of every page is that page itself.
        case tokenLoop
    }

    /// How a 429 or 503 says when to try again.
    enum RetryAfter: Sendable, Equatable {
        case none
        case seconds(Int)
        case date(Duration)
        /// `google.rpc.RetryInfo` in the body instead of a header field.
        case retryInfo(Duration)
    }

    var kind: Kind
    /// The only method that is affected; `nil` affects all.
    var operation: Operation?
    /// How many more requests are affected; `nil` means no limit.
    var count: Int?
    /// The probability that a request is affected.
    var probability: Double = 1
    /// Whether a request is carried out even though its response is replaced.
    var executed = false

    /// The response that replaces the true one; `nil` if the true one is only damaged.
    func replacement(at now: Timestamp) -> APIReply? {
        switch kind {
        case .status(let status, true, let retryAfter):
            return APIReply.html(
                status, FrontEndPage(status, title: "Error", text: "The server encountered an error.")
            )
            .with(retryAfter, at: now)
        case .status(let status, false, let retryAfter):
            var error = APIError(
                code: status, status: APIError.canonicalName(of: status), message: "The simulator was told to fail.")
            if case .retryInfo(let delay) = retryAfter {
                error.details = [
                    [
                        "@type": "type.googleapis.com/google.rpc.RetryInfo",
                        "retryDelay": .string("\(delay.nanoseconds / 1_000_000_000)s"),
                    ]
                ]
            }
            return APIReply.json(status, error.json).with(retryAfter, at: now)
        case .refuse: return .json(400, APIError.preconditionFailed.json)
        case .redirect(let location):
            var reply = APIReply.html(302, FrontEndPage(302, title: "Found", text: "The document has moved."))
            reply.headers.append(.init(name: "location", value: location))
            return reply
        case .delay, .reset, .truncate, .drip, .brokenGzip, .wrongJSON, .tokenLoop: return nil
        }
    }

    /// Damages a true response or its delivery.
    func damage(_ reply: inout APIReply, request: APIRequest) {
        switch kind {
        case .status, .refuse, .redirect: break
        case .delay(let duration): reply.delay += duration
        case .reset: reply.delivery = .reset
        case .truncate: reply.delivery = .truncated(bytes: reply.body.count / 2)
        case .drip(let bytes, let interval): reply.delivery = .drip(bytes: bytes, every: interval)
        case .brokenGzip:
            reply.headers.append(.init(name: "content-encoding", value: "gzip"))
            reply.body = [0x1F, 0x8B, 0x08, 0x00] + reply.body.reversed()
        case .wrongJSON: reply.body = Array("{\"sessions\": [{\"name\": \"sessions/1\", oops".utf8)
        case .tokenLoop:
            guard let json = try? JSON(parsing: reply.body), var page = json.object,
                let token = request["pageToken"] ?? page["nextPageToken"]?.string
            else { return }
            page["nextPageToken"] = .string(token)
            reply.body = JSON.object(page).prettyBytes
        }
    }
}

extension APIReply {
    fileprivate func with(_ retryAfter: Fault.RetryAfter, at now: Timestamp) -> APIReply {
        var reply = self
        switch retryAfter {
        case .seconds(let seconds): reply.headers.append(.init(name: "retry-after", value: String(seconds)))
        case .date(let delay): reply.headers.append(.init(name: "retry-after", value: (now + delay).httpDate))
        case .none, .retryInfo: break
        }
        return reply
    }
}
