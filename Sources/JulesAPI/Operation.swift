// SPDX-License-Identifier: Apache-2.0

/// The twelve methods of the API.
package enum Operation: String, Sendable, CaseIterable {
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

    /// The method's name in the gRPC service, as it appears in an error's metadata.
    package var rpc: String {
        let name = "\(self)"
        return name.prefix(1).uppercased() + name.dropFirst()
    }

    /// The query parameters, without the system parameters.
    package var parameters: [String] {
        switch self {
        case .listSessions, .listActivities, .listSources: ["pageSize", "pageToken", "filter"]
        default: []
        }
    }
}
