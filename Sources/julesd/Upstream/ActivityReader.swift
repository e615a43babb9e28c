// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Updates our copy of one session's activities.
struct ActivityReader: Sendable {
    let requests: UserRequests
    let store: SessionStore
    /// Called with new activities, oldest first.
    let onNewActivities: @Sendable (_ session: String, [Activity]) -> Void

    /// How many activities a page has at most. After a page failed, the next attempt asks for fewer, because a few activities
    /// can contain patches of many megabytes.
    static let pageSizes = [100, 10, 1]
    static let maximumPages = 500

    /// Reads the activities that our copy does not have. If the session is too young to have any, it reads none.
    ///
    /// - Throws: `UpstreamError`, `StorageError`.
    func readUnlessYoung(
        _ session: String, for purpose: RequestBudget.Purpose, overlapping: Bool = false
    ) async throws {
        do { try await read(session, for: purpose, overlapping: overlapping) } catch let error as UpstreamError {
            // The API answers 404 for a session's activities for a few seconds after its creation.
            guard error.isNotFound else { throw error }
        }
    }

    /// Reads the activities that our copy does not have.
    ///
    /// The API's filter is exclusive, and two activities can have the same time. So a cursor alone may lose one if a page
    /// ends between them: activities with the last time of a page are stored together with the next page. An activity can
    /// also appear late, after newer ones. So three kinds of reads go back a little: the first one after a change of state, a
    /// repeated one (`attempt` above 1), and one with `overlapping`. Known activities are dropped by their ids.
    ///
    /// - Throws: `UpstreamError`, which is `isNotFound` if the session is too young to have activities; `StorageError`.
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
            let new = try await store.record(activities, of: session, at: store.wallNow)
            if !new.isEmpty { onNewActivities(session, new) }
            if isLast {
                try await store.recordEnd(of: session, at: store.wallNow)
                try await store.noteRead(session, from: known)
                return try await store.clearUnreadMark(unread, of: session)
            }
        }
    }
}
