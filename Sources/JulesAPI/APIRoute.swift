// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The API method that an HTTP method and a path select, with the resource in the path.
package enum APIRoute: Equatable {
    case createSession
    case listSessions
    case session(Operation, id: String)
    case listActivities(session: String)
    case getActivity(session: String, id: String)
    case listSources
    case getSource(name: String)

    package static let root = "/v1alpha"

    /// `nil` if no URL pattern of the API matches. The verb after the colon is not percent-decoded.
    package init?(method: String, path: String) {
        guard path.hasPrefix(Self.root + "/") else { return nil }
        let encoded = path.dropFirst(Self.root.count + 1).split(separator: "/", omittingEmptySubsequences: false)
        var segments: [String] = []
        for segment in encoded {
            guard !segment.isEmpty, let decoded = segment.percentDecoded else { return nil }
            segments.append(decoded)
        }
        switch (method, segments.count, segments[0]) {
        case ("POST", 1, "sessions"): self = .createSession
        case ("GET", 1, "sessions"): self = .listSessions
        case ("GET", 2, "sessions"): self = .session(.getSession, id: segments[1])
        case ("DELETE", 2, "sessions"): self = .session(.deleteSession, id: segments[1])
        case ("POST", 2, "sessions"):
            let parts = encoded[1].split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let operation = Self.verbs[String(parts[1])], let id = parts[0].percentDecoded
            else { return nil }
            self = .session(operation, id: id)
        case ("GET", 3, "sessions") where segments[2] == "activities": self = .listActivities(session: segments[1])
        case ("GET", 4, "sessions") where segments[2] == "activities":
            self = .getActivity(session: segments[1], id: segments[3])
        case ("GET", 1, "sources"): self = .listSources
        case ("GET", 2..., "sources"): self = .getSource(name: segments.joined(separator: "/"))
        default: return nil
        }
    }

    private static let verbs: [String: Operation] = [
        "approvePlan": .approvePlan, "sendMessage": .sendMessage, "archive": .archiveSession,
        "unarchive": .unarchiveSession,
    ]

    package var operation: Operation {
        switch self {
        case .createSession: .createSession
        case .listSessions: .listSessions
        case .session(let operation, _): operation
        case .listActivities: .listActivities
        case .getActivity: .getActivity
        case .listSources: .listSources
        case .getSource: .getSource
        }
    }
}
