// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// How an attempt to deliver ended.
enum DeliveryOutcome: Sendable, Equatable {
    case delivered(status: Int)
    /// To be tried again.
    case failed(status: Int?, reason: String, retryAfter: Duration? = nil)
    /// 410: the endpoint wants nothing any more.
    case gone

    init(_ answer: Result<ClientResponse, TransportError>) {
        switch answer {
        case .success(let response):
            switch response.status {
            case 200..<300: self = .delivered(status: response.status)
            case 410: self = .gone
            case 300..<400:
                self = .failed(status: response.status, reason: "answered \(response.status), which is not followed")
            default:
                self = .failed(
                    status: response.status, reason: "answered \(response.status)", retryAfter: response.retryAfter)
            }
        case .failure(let error): self = .failed(status: nil, reason: "\(error)")
        }
    }
}
