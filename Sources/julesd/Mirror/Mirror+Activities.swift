// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

extension Mirror {
    /// A page of a session's activities, oldest first. `ActivityPageToken` says how pages begin.
    func listActivities(of id: String, _ request: APIRequest, fresh: Bool) async throws -> [UInt8] {
        let paging = try request.paging(standard: 50)
        let filter = try request.filter.map { text throws(APIError) in try ActivityFilter(text) }
        var token: ActivityPageToken?
        if let text = paging.token {
            token = ActivityPageToken(text)
            if token == nil { throw Paging.invalidToken }
        }
        let session = try await actions.lookup.existing(id)
        let reading = repeated.noteActivities(of: id)
        if reading == .begins { follows() }
        var stretch = ActivityStretch(session: id, createdAfter: filter?.after, limit: paging.size)
        if case .own(let start) = token { stretch.start = start }
        if try await hasLost(stretch) || token?.upstream != nil {
            let page = try await reads.activities(
                of: id, createdAfter: filter?.after, pageToken: token?.upstream ?? stretch.upstreamToken,
                pageSize: paging.size)
            let next = page.nextPageToken.map { ActivityPageToken.upstream($0).text }
            return [UInt8](page: page.items, of: "activities", nextPageToken: next)
        }
        if fresh {
            try await actions.lookup.readActivities(of: id)
        } else {
            try await actions.lookup.refreshActivities(of: session, isFollowed: reading == .goesOn)
        }
        let (bodies, next) = try await store.activities(stretch)
        return [UInt8](page: bodies, of: "activities", nextPageToken: next.map { ActivityPageToken.own($0).text })
    }

    /// Whether our copy has removed activities of this stretch, because of RETENTION_DAYS or the limit on memory.
    private func hasLost(_ stretch: ActivityStretch) async throws -> Bool {
        guard let pruned = try await store.activityCursor(of: stretch.session).pruned else { return false }
        return stretch.earliest.map { $0 <= pruned } ?? true
    }

    func getActivity(_ id: String, of session: String) async throws -> [UInt8] {
        if let body = try await store.activity(id, of: session) { return body }
        _ = try await actions.lookup.existing(session)
        guard let body = try await reads.activity(id, of: session) else { throw APIError.notFound }
        return body
    }
}

/// The beginning of a page of activities.
///
/// A token of ours has the form of the API's, decimal nanoseconds that mean "created then or later". If a page ends between
/// two activities of the same time, the token also has the id of the last one, so that no page repeats or loses any. A token
/// that the API gave, for activities that only the API has, keeps its text behind a prefix.
enum ActivityPageToken: Equatable {
    case own(ActivityStretch.Start)
    case upstream(String)

    init?(_ text: String) {
        if text.hasPrefix(Self.upstreamPrefix) {
            self = .upstream(String(text.dropFirst(Self.upstreamPrefix.count)))
            return
        }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let nanoseconds = Int64(parts[0]) else {
            return nil
        }
        let time = Timestamp(nanoseconds: nanoseconds)
        guard parts.count == 2 else {
            self = .own(.time(time))
            return
        }
        guard ResourceID.isSession(String(parts[1])) else { return nil }
        self = .own(.after(time, id: String(parts[1])))
    }

    var text: String {
        switch self {
        case .own(.first): "0"
        case .own(.time(let time)): String(time.nanoseconds)
        case .own(.after(let time, let id)): "\(time.nanoseconds).\(id)"
        case .upstream(let text): Self.upstreamPrefix + text
        }
    }

    /// The API's own token; `nil` if the token is ours.
    var upstream: String? { if case .upstream(let text) = self { text } else { nil } }

    private static let upstreamPrefix = "u."
}

extension ActivityStretch {
    /// The API's token for the same beginning. Activities of the same time are repeated.
    fileprivate var upstreamToken: String? {
        switch start {
        case .first: nil
        case .time(let time), .after(let time, _): String(time.nanoseconds)
        }
    }
}
