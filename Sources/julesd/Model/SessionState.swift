// SPDX-License-Identifier: Apache-2.0

/// The state of a Jules session. The API adds states without notice, so an unknown one is kept and not refused.
enum SessionState: Sendable, Hashable {
    case unspecified
    case queued
    case planning
    case awaitingPlanApproval
    case awaitingUserFeedback
    case inProgress
    case paused
    case failed
    case completed
    case unrecognized(String)

    private static let named: [String: SessionState] = [
        "STATE_UNSPECIFIED": .unspecified, "QUEUED": .queued, "PLANNING": .planning,
        "AWAITING_PLAN_APPROVAL": .awaitingPlanApproval, "AWAITING_USER_FEEDBACK": .awaitingUserFeedback,
        "IN_PROGRESS": .inProgress, "PAUSED": .paused, "FAILED": .failed, "COMPLETED": .completed,
    ]
    private static let names = Dictionary(uniqueKeysWithValues: named.map { ($0.value, $0.key) })

    /// All states that the API has been seen to use.
    static let known = Array(named.values)

    /// The state for the API's name.
    init(_ name: String) { self = Self.named[name] ?? .unrecognized(name) }

    /// The API's name.
    var name: String {
        if case .unrecognized(let name) = self { name } else { Self.names[self] ?? "STATE_UNSPECIFIED" }
    }

    /// A person has to act before the agent continues.
    var waitsForPerson: Bool { self == .awaitingPlanApproval || self == .awaitingUserFeedback }

    /// Whether an activity of this kind makes a session wait in this state.
    func isBegunBy(_ kind: Activity.Kind) -> Bool {
        switch self {
        case .awaitingPlanApproval: kind == .planGenerated
        case .awaitingUserFeedback: kind == .agentMessaged
        default: false
        }
    }

    /// The agent's work has ended. A message may reopen the session.
    var isFinished: Bool { self == .completed || self == .failed }

    /// Something may change by itself.
    var isActive: Bool {
        switch self {
        case .queued, .planning, .inProgress, .awaitingPlanApproval, .awaitingUserFeedback, .unrecognized: true
        case .unspecified, .paused, .failed, .completed: false
        }
    }
}
