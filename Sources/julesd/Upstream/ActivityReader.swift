// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Brings our copy of one session's activities up to date.
struct ActivityReader: Sendable {
    let requests: UserRequests
    let store: SessionStore
    /// Given what was not known yet, oldest first.
    let onNewActivities: @Sendable (_ session: String, [Activity]) -> Void

    /// How many activities a page has at most: fewer where the last page could not be had, since a few of them can hold patches of
    /// many megabytes.
    static let pageSizes = [100, 10, 1]
    static let maximumPages = 500

    /// Reads what the session has that our copy has not; nothing if it is too young to have activities.
    ///
    /// - Throws: `UpstreamError`.
    func readUnlessYoung(
        _ session: String, for purpose: RequestBudget.Purpose, overlapping: Bool = false
    ) async throws {
        do { try await read(session, for: purpose, overlapping: overlapping) } catch let error as UpstreamError {
            // Just after its creation a session's activities are not found for a few seconds.
            guard error.isNotFound else { throw error }
        }
    }

    /// Reads what the session has that our copy has not.
    ///
    /// The API's filter is exclusive, and two activities can share an instant, so a cursor alone may lose one where a page ended
    /// between them: activities that share the last instant of a page are stored together with the next page. An activity can
    /// also show late, behind newer ones: the first reading after a change of state, a repeated one (`attempt` beyond 1) and
    /// one that is to overlap go back a little; what is known already is dropped by its id.
    ///
    /// - Throws: `UpstreamError`; a session too young to have activities is not found.
    func read(
        _ session: String, for purpose: RequestBudget.Purpose, attempt: Int = 1, overlapping: Bool = false,
        patience: Duration? = nil
    ) async throws {
        let unread = try await store.unreadMark(of: session)
        let known = try await store.activityCursor(of: session)
        let cursor = known.start(overlapping: overlapping || attempt > 1)?.rfc3339Exact
        var sizes = Self.pageSizes.dropFirst(min(attempt, Self.pageSizes.count) - 1)
        var tokens = PageTokens(maximum: Self.maximumPages)
        var held: [Activity] = []
        while let size = sizes.first {
            let token = tokens.current
            let page: JSONList
            do throws(UpstreamError) {
                page = try await requests.read(for: purpose, patience: patience) { (client) throws(UpstreamError) in
                    try await client.activities(
                        session: session, createdAfter: cursor, pageToken: token, pageSize: size)
                }
            } catch {
                guard case .undecodable = error, sizes.count > 1 else { throw error }
                sizes = sizes.dropFirst()
                continue
            }
            var activities = held + page.items.compactMap(Activity.init(wire:))
            let isLast = tokens.advance(to: page.nextPageToken) != .page
            let end = activities.last?.createTime
            held = isLast ? [] : activities.filter { $0.createTime == end }
            if !isLast { activities.removeAll { $0.createTime == end } }
            let new = try await store.record(activities, of: session)
            if !new.isEmpty { onNewActivities(session, new) }
            if isLast {
                try await store.recordEnd(of: session)
                try await store.noteRead(session, from: known)
                return try await store.clearUnreadMark(unread, of: session)
            }
        }
    }
}
