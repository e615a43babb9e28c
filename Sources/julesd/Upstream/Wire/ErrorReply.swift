// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The body of an unsuccessful answer, `{"error": {"code", "message", "status", "details": […]}}` (google.rpc.Status).
///
/// All members may be missing. An HTML page of a front end reads as an empty reply.
struct ErrorReply {
    let canonical: String?
    let message: String?
    let details: JSON?

    init(_ body: [UInt8]) {
        let error = (try? JSON(parsing: body))?["error"]
        canonical = error?["status"]?.string
        message = error?["message"]?.string
        details = error?["details"]
    }

    /// The `reason` of each google.rpc.ErrorInfo.
    var reasons: [String] { (details?.array ?? []).compactMap { $0["reason"]?.string } }

    /// The `retryDelay` of a google.rpc.RetryInfo.
    var retryDelay: Duration? {
        (details?.array ?? []).lazy.compactMap { $0["retryDelay"]?.string }.compactMap(Self.duration).first
    }

    /// Whether the key is the cause. The API answers 400 to a malformed key.
    func blamesKey(status: Int) -> Bool {
        status == 401 || reasons.contains { $0.hasPrefix("API_KEY_") || $0 == "CREDENTIALS_MISSING" }
    }

    /// A google.protobuf.Duration in JSON: seconds with up to nine decimals and an `s`.
    static func duration(_ text: String) -> Duration? {
        guard text.last == "s" else { return nil }
        let parts = text.dropLast().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let isNumber = { (part: Substring) in !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        guard parts.allSatisfy(isNumber), let seconds = Int64(parts[0]) else { return nil }
        guard parts.count == 2 else { return .seconds(seconds) }
        guard parts[1].count <= 9,
            let nanoseconds = Int64(parts[1] + String(repeating: "0", count: 9 - parts[1].count))
        else { return nil }
        return .seconds(seconds) + .nanoseconds(nanoseconds)
    }
}

extension UpstreamError {
    /// The meaning of an answer other than 2xx: by its status, the canonical code and the reasons in its details, never by
    /// its message.
    init(_ response: ClientResponse) {
        let reply = ErrorReply(response.body)
        let message = reply.message ?? "no reason given"
        let retryAfter = [response.retryAfter, reply.retryDelay].compactMap(\.self).max()
        switch response.status {
        case let status where reply.blamesKey(status: status):
            self = .keyRejected(status: status, message: message)
        case 429: self = .throttled(retryAfter: retryAfter)
        case 400..<500 where reply.canonical == "RESOURCE_EXHAUSTED": self = .throttled(retryAfter: retryAfter)
        case 400..<500:
            self = .refused(
                status: response.status, canonical: reply.canonical, message: message, detail: reply.details)
        case 500...: self = .failed(status: response.status, retryAfter: retryAfter)
        default: self = .undecodable(reason: "status \(response.status)")
        }
    }
}
