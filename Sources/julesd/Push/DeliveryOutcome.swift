// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// How an attempt to deliver ended.
enum DeliveryOutcome: Sendable, Equatable {
    case delivered(status: Int, allowance: Allowance? = nil)
    /// The endpoint accepts no more at present. This concerns all of its deliveries, not only this one.
    case throttled(status: Int, pause: Duration?)
    /// The endpoint refuses this delivery, and another attempt does not change that.
    case refused(status: Int)
    /// The delivery is tried again.
    case failed(status: Int?, reason: String, retryAfter: Duration? = nil)
    /// 410: the endpoint wants no more deliveries.
    case gone

    /// How many more requests an endpoint accepts, and when its limit starts again.
    struct Allowance: Sendable, Equatable {
        let remaining: Int
        let resetAfter: Duration
    }

    /// The longest wait, even if an endpoint asks for more.
    static let longestPause = Duration.seconds(3600)

    init(_ answer: Result<ClientResponse, TransportError>) {
        switch answer {
        case .success(let response): self.init(response)
        case .failure(let error): self = .failed(status: nil, reason: "\(error)")
        }
    }

    private init(_ response: ClientResponse) {
        let status = response.status
        let retryAfter = response.retryAfter.map { min($0, Self.longestPause) }
        switch status {
        case 200..<300: self = .delivered(status: status, allowance: response.allowance)
        case 410: self = .gone
        case 429: self = .throttled(status: status, pause: retryAfter ?? response.resetAfter)
        case 503 where retryAfter != nil: self = .throttled(status: status, pause: retryAfter)
        case 300..<400: self = .failed(status: status, reason: "answered \(status), which is not followed")
        // 408: the request was too slow; 425: it came too early (RFC 8470 §5.2). Neither refuses the content.
        case 400..<500 where status != 408 && status != 425: self = .refused(status: status)
        default: self = .failed(status: status, reason: "answered \(status)", retryAfter: retryAfter)
        }
    }
}

extension ClientResponse {
    /// After what time a limit starts again, as Discord reports it
    /// (<https://docs.discord.com/developers/topics/rate-limits#header-format>).
    fileprivate var resetAfter: Duration? {
        seconds("x-ratelimit-reset-after").map { min($0, DeliveryOutcome.longestPause) }
    }

    fileprivate var allowance: DeliveryOutcome.Allowance? {
        guard let resetAfter, let remaining = first("x-ratelimit-remaining").flatMap({ Int($0) }) else { return nil }
        return DeliveryOutcome.Allowance(remaining: remaining, resetAfter: resetAfter)
    }
}
