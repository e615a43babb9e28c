// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A delta as a person wants to be told of it: what it is about, what is needed, and where to go.
struct Notice: Sendable, Equatable {
    /// The session's title, on one line.
    let title: String
    /// `owner/name`; empty for a session without a repository.
    let repository: String
    /// What happened or is needed, as a sentence.
    let need: String
    let sessionURL: WebURL?
    let pullRequestURL: WebURL?
    /// Somebody has to act, or should know that nothing goes on.
    let isUrgent: Bool

    /// In characters: the title of a task without one is its whole prompt.
    static let longestTitle = 120

    /// - Parameter delta: the JSON of a `SessionDelta`.
    init(delta: [UInt8]) {
        let json = (try? JSON(parsing: delta)) ?? .null
        let isDeleted = json["changeType"]?.string == SessionDelta.Change.deleted.rawValue
        let session = isDeleted ? json["before"] : json["after"]
        let state = SessionState(session?["state"]?.string ?? "STATE_UNSPECIFIED")
        let outputs = session?["outputs"]?.array ?? []
        let pullRequest = outputs.lazy.compactMap { $0["pullRequest"]?["url"]?.string }.first
        title =
            Self.line(session?["title"]?.string) ?? Self.line(session?["prompt"]?.string)
            ?? "Session \(json["id"]?.string ?? "")"
        repository = Session.repository(source: session?["sourceContext"]?["source"]?.string ?? "")
        sessionURL = session?["url"]?.string.flatMap { WebURL($0) }
        pullRequestURL = pullRequest.flatMap { WebURL($0) }
        isUrgent = !isDeleted && (state.waitsForPerson || state == .failed)
        need = isDeleted ? "The session was deleted." : Self.need(state, hasPullRequest: pullRequest != nil)
    }

    private static func need(_ state: SessionState, hasPullRequest: Bool) -> String {
        switch state {
        case .awaitingPlanApproval: "A plan waits for your approval."
        case .awaitingUserFeedback: "Jules waits for your answer."
        case .completed: hasPullRequest ? "Completed: a pull request is ready for review." : "Completed."
        case .failed: "Failed: see what went wrong."
        case .inProgress: "At work."
        case .queued: "Queued."
        case .planning: "A plan is being made."
        case .paused: "Paused."
        case .unspecified: "Changed."
        case .unrecognized(let name): "Now \(name)."
        }
    }

    /// The first line of `text` that says anything, shortened; `nil` where there is none.
    private static func line(_ text: String?) -> String? {
        let lines = (text ?? "").split { $0.isNewline || $0 == "\0" }
        guard let line = lines.first(where: { !$0.allSatisfy(\.isWhitespace) }) else { return nil }
        let printable = line.filter { !($0.asciiValue.map { $0 < 0x20 || $0 == 0x7F } ?? false) }
        return printable.count <= longestTitle ? printable : printable.prefix(longestTitle - 1) + "…"
    }
}
