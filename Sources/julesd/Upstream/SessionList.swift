// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Reads the account's list of sessions page by page, archived ones included.
final class SessionList: Sendable {
    /// One page, newest sessions first.
    struct Page: Sendable {
        let sessions: [Session]
        let nextPageToken: String?
        /// When the request began, on the monotonic clock.
        let asked: Duration
        /// When its answer had been read, on the same clock.
        let answered: Duration
    }

    static let pageSize = 100
    /// Without a filter the API leaves archived sessions out.
    private static let everything = "archived = true OR archived = false"

    let gate: UpstreamGate
    private let logger: Logger
    private let filterRefused = Atomic(false)

    init(gate: UpstreamGate, logger: Logger) {
        self.gate = gate
        self.logger = logger
    }

    /// The page at `token`; the newest one where that is `nil`.
    ///
    /// - Parameter patience: how long to wait for the budget at most; `nil` for as long as it takes.
    func page(
        _ token: String? = nil, for purpose: RequestBudget.Purpose, patience: Duration? = nil
    ) async throws(UpstreamError) -> Page {
        let filter = filterRefused.load(ordering: .relaxed) ? nil : Self.everything
        do throws(UpstreamError) {
            return try await read(token, filter: filter, purpose, patience)
        } catch {
            // v1alpha may lose the filter as it gained it. A page token belongs to its filter: only a first page tells.
            guard case .refused(let status, _, _, _) = error, status == 400, token == nil, filter != nil else {
                throw error
            }
            let page = try await read(token, filter: nil, purpose, patience)
            // Only now is it certain that the filter was what it did not like.
            if !filterRefused.exchange(true, ordering: .relaxed) {
                logger.warning("the API refuses the filter on archived sessions; reading without it")
            }
            return page
        }
    }

    private func read(
        _ token: String?, filter: String?, _ purpose: RequestBudget.Purpose, _ patience: Duration?
    ) async throws(UpstreamError) -> Page {
        let asked = Duration.monotonic
        let list = try await gate.call(for: purpose, patience: patience) { (client) throws(UpstreamError) in
            try await client.sessions(pageToken: token, pageSize: Self.pageSize, filter: filter)
        }
        let answered = Duration.monotonic
        let sessions = list.items.compactMap(Session.init(wire:))
        let lost = list.items.count - sessions.count + list.skipped
        if lost > 0 { logger.warning("passed over \(lost) items without an id in the API's list of sessions") }
        return Page(sessions: sessions, nextPageToken: list.nextPageToken, asked: asked, answered: answered)
    }
}
