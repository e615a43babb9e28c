// SPDX-License-Identifier: Apache-2.0

/// The methods of the API, by the names that the API's own description gives them.
enum UpstreamOperation: String, Sendable, CaseIterable {
    case createSession = "sessions.create"
    case listSessions = "sessions.list"
    case getSession = "sessions.get"
    case deleteSession = "sessions.delete"
    case approvePlan = "sessions.approvePlan"
    case sendMessage = "sessions.sendMessage"
    case archiveSession = "sessions.archive"
    case unarchiveSession = "sessions.unarchive"
    case listActivities = "sessions.activities.list"
    case getActivity = "sessions.activities.get"
    case listSources = "sources.list"
    case getSource = "sources.get"
}
