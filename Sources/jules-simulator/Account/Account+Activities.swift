// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

extension Account {
    /// Lists activities, oldest first. The page token is the createTime of the page's first activity in decimal
    /// nanoseconds. If that activity and the last one of the page before have the same time, both pages contain the
    /// latter.
    func listActivities(of id: String, _ request: APIRequest) throws(APIError) -> JSON {
        let paging = try request.paging(standard: 50)
        let filter: ActivityFilter? =
            if let text = request["filter"], !text.isEmpty { try ActivityFilter(text) } else { nil }
        var start: Timestamp?
        if let token = paging.token {
            guard let nanoseconds = Int64(token), nanoseconds >= 0 else { throw Paging.invalidToken }
            start = Timestamp(nanoseconds: nanoseconds)
        }
        let session = try sessionWithHistory(id)
        let wanted = session.activities.lazy.filter { activity in
            if let start, activity.createTime < start { return false }
            if let filter, activity.createTime <= filter.after { return false }
            return true
        }
        let page = Array(wanted.prefix(paging.size + 1))
        guard !page.isEmpty else { return [:] }
        let told = JSON.array(page.prefix(paging.size).map(session.json(of:)))
        guard page.count > paging.size else { return ["activities": told] }
        return ["activities": told, "nextPageToken": .string(String(page[paging.size].createTime.nanoseconds))]
    }

    func getActivity(_ id: String, of sessionID: String) throws(APIError) -> JSON {
        let session = try sessionWithHistory(sessionID)
        guard let activity = session.activities.first(where: { $0.id == id }) else { throw .notFound }
        return session.json(of: activity)
    }

    /// The session, if its activities can be read. For a short time after creation they answer 404.
    private func sessionWithHistory(_ id: String) throws(APIError) -> Session {
        guard let session = visible(id), now >= session.createTime + behavior.activitiesDelay else { throw .notFound }
        return session
    }
}
