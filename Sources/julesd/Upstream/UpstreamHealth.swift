// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// Whether the API answers, and since when it does not: what `/readyz`, the status line and the journal tell.
final class UpstreamHealth: Sendable {
    /// A turn for the better or worse; told once each.
    enum Turn: Sendable, Equatable {
        case lost(UpstreamError)
        case keyRefused(UpstreamError)
        case back(after: Duration)
    }

    struct Status: Sendable {
        /// The last good answer.
        var lastSuccess: Timestamp?
        /// The first good answer after the start, or after the last trouble.
        var goodSince: Timestamp?
        /// What has gone wrong since, and when it began.
        var trouble: (error: UpstreamError, since: Timestamp)?
    }

    private let state = Mutex(Status())
    private let turned: @Sendable (Turn) -> Void

    init(turned: @escaping @Sendable (Turn) -> Void) { self.turned = turned }

    var status: Status { state.withLock { $0 } }

    /// Notes how a request ended. An answer that refuses a request (a 404, say) is a good one: the API is there.
    func note(_ result: Result<Void, UpstreamError>, at now: Timestamp = .now) {
        let turn: Turn? = state.withLock { status in
            if case .failure(let error) = result, error.meansTrouble {
                let wasRefused = if case .keyRejected = status.trouble?.error { true } else { false }
                let isRefused = if case .keyRejected = error { true } else { false }
                // A refused key stays the trouble, whatever else goes wrong, until an answer shows that it counts again.
                if wasRefused { return nil }
                let since = status.trouble?.since ?? now
                defer { status.trouble = (error, since) }
                if isRefused { return .keyRefused(error) }
                return status.trouble == nil ? .lost(error) : nil
            }
            if case .failure(.cancelled) = result { return nil }
            let goodSince = status.trouble == nil ? status.goodSince : nil
            defer { status = Status(lastSuccess: now, goodSince: goodSince ?? now, trouble: nil) }
            return status.trouble.map { .back(after: now.duration(since: $0.since)) }
        }
        if let turn { turned(turn) }
    }
}
