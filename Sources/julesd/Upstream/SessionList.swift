// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Reads the account's list of sessions page by page, archived ones included.
final class SessionList: Sendable {
    /// One page, newest sessions first, none of which has been parsed.
    struct Page: Sendable {
        let list: JSONList
        /// When the request began, on the monotonic clock.
        let asked: Duration
        /// When its answer had been read, on the same clock.
        let answered: Duration

        /// The sessions in the page's order, parsed now.
        var sessions: [Session] { list.items.compactMap(Session.init(wire:)) }

        /// The last session on the page.
        var last: Session? {
            list.entries.reversed().lazy.compactMap { Session(wire: list.compact($0)) }.first
        }
    }

    static let pageSize = PageSize.sizes[0]
    /// Without a filter the API leaves archived sessions out.
    private static let everything = "archived = true OR archived = false"

    let gate: UpstreamGate
    private let logger: Logger
    private let filterRefused = Atomic(false)
    private let pageSize = Mutex(PageSize())
    /// The newest page as last read. A page with the same bytes is not scanned again.
    private let newest = Mutex<JSONList?>(nil)

    init(gate: UpstreamGate, logger: Logger) {
        self.gate = gate
        self.logger = logger
    }

    /// The longest time for one page after its turn has come: each size may be tried, and the filter may be refused once.
    var longestPage: Duration { gate.longestRequest * (PageSize.sizes.count + 1) }

    /// The page at `token`; the newest page if that is `nil`.
    ///
    /// - Parameter patience: how long to wait for the budget at most; `nil` for no limit.
    func page(
        _ token: String? = nil, for purpose: RequestBudget.Purpose, patience: Duration? = nil
    ) async throws(UpstreamError) -> Page {
        let filter = filterRefused.load(ordering: .relaxed) ? nil : Self.everything
        do throws(UpstreamError) {
            return try await read(token, filter: filter, purpose, patience)
        } catch {
            // v1alpha may remove the filter again. A page token belongs to its filter, so only the first page can show this.
            guard isRefusedFilter(error, token, filter) else { throw error }
            let page = try await read(token, filter: nil, purpose, patience)
            // Only now is it certain that the API refused because of the filter.
            if !filterRefused.exchange(true, ordering: .relaxed) {
                logger.warning("the API refuses the filter on archived sessions; reading without it")
            }
            return page
        }
    }

    private func isRefusedFilter(_ error: UpstreamError, _ token: String?, _ filter: String?) -> Bool {
        guard case .refused(status: 400, _, _, _) = error else { return false }
        return token == nil && filter != nil
    }

    /// Reads a page, with fewer sessions if it is too large or too slow.
    private func read(
        _ token: String?, filter: String?, _ purpose: RequestBudget.Purpose, _ patience: Duration?
    ) async throws(UpstreamError) -> Page {
        while true {
            let size = pageSize.withLock { $0.next(at: .monotonic) }
            let asked = Duration.monotonic
            let earlier = token == nil ? newest.withLock { $0 } : nil
            do throws(UpstreamError) {
                let list = try await gate.call(
                    for: purpose, patience: patience, source: token == nil ? .list : .request,
                    overlooks: { error in
                        isRefusedFilter(error, token, filter)
                            || pageSize.withLock { $0.hasSmaller(than: size, after: error) }
                    }
                ) { (client) throws(UpstreamError) in
                    try await client.sessions(pageToken: token, pageSize: size, filter: filter, like: earlier)
                }
                if pageSize.withLock({ $0.worked(size, at: .monotonic) }) {
                    logger.info("larger pages of the list did not arrive; reading \(size) sessions at a time")
                }
                if token == nil { newest.withLock { $0 = list } }
                return Page(list: list, asked: asked, answered: .monotonic)
            } catch {
                guard pageSize.withLock({ $0.failed(size, error, at: .monotonic) }) else { throw error }
            }
        }
    }
}
