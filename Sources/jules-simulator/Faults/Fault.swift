// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

/// Something that goes wrong, for some requests.
struct Fault: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// Another status than the true one, as JSON or as the front end's HTML.
        case status(Int, html: Bool, RetryAfter)
        /// The refusal that tells nothing.
        case refuse
        case redirect(location: String)
        case delay(Duration)
        case reset
        case truncate
        case drip(bytes: Int, every: Duration)
        /// The body claims to be gzip and is not.
        case brokenGzip
        /// 200 with something that is not JSON.
        case wrongJSON
        /// Every page names itself as the next one.
        case tokenLoop
    }

    /// How a 429 or 503 says when to come back.
    enum RetryAfter: Sendable, Equatable {
        case none
        case seconds(Int)
        case date(Duration)
        /// Not a header, but `google.rpc.RetryInfo` in the body.
        case retryInfo(Duration)
    }

    var kind: Kind
    /// The one method it strikes; `nil` strikes all.
    var operation: Operation?
    /// How many requests are still struck; `nil` for ever.
    var count: Int?
    /// How likely a request is struck.
    var probability: Double = 1
    /// Whether a request whose answer is replaced is carried out all the same.
    var executed = false

    /// The answer that stands in for the true one; `nil` where the true one is only damaged.
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

    /// Spoils a true answer, or the way it travels.
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
