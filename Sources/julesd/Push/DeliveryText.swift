// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Wording

/// A delta as text for a person: which session, what it needs, and where to go.
struct DeliveryText: Sendable, Equatable {
    /// The session's title, on one line.
    let title: String
    /// `owner/name`; empty for a session without a repository.
    let repository: String
    /// What happened, or what a person has to do, as a sentence.
    let need: String
    let sessionURL: WebURL?
    /// The session on the daemon's own page.
    let controlRoomURL: WebURL?
    let pullRequestURL: WebURL?
    /// Whether somebody has to act, or should know that nothing goes on.
    let isUrgent: Bool

    /// In characters. The title of a task without a title is its whole prompt.
    static let longestTitle = 120

    /// - Parameters:
    ///   - delta: the JSON of a `SessionDelta`.
    ///   - publicURL: the address of the daemon's page for people, if it is known.
    init(delta: [UInt8], publicURL: WebURL? = nil) {
        let json = (try? JSON(parsing: delta)) ?? .null
        let isDeleted = json["changeType"]?.string == SessionDelta.Change.deleted.rawValue
        let session = isDeleted ? json["before"] : json["after"]
        let wording = DeltaWording(delta: json)
        title =
            Self.line(session?["title"]?.string) ?? Self.line(session?["prompt"]?.string)
            ?? "Session \(json["id"]?.string ?? "")"
        repository =
            Session.repository(source: session?["sourceContext"]?["source"]?.string ?? "").printable
            .shortened(characters: 140, bytes: 280) ?? ""
        sessionURL = session?["url"]?.string.flatMap { WebURL($0) }
        controlRoomURL =
            isDeleted
            ? nil
            : publicURL.flatMap { url in
                json["id"]?.string.flatMap { WebURL("\(url.text)/#/session/\($0)") }
            }
        pullRequestURL = session.flatMap(Session.pullRequestURL).flatMap { WebURL($0) }
        isUrgent = wording.attention != nil
        // An unknown state may have any name.
        need = wording.sentence.printable.shortened(characters: 140, bytes: 280) ?? "Changed."
    }

    /// The first line of `text` that is not blank, shortened; `nil` if there is none.
    ///
    /// Four bytes a character are enough for every script. But a character may have any number of combining marks.
    private static func line(_ text: String?) -> String? {
        (text ?? "").split { $0.isNewline || $0 == "\0" }.lazy.map { String($0).printable }
            .first { !$0.allSatisfy(\.isWhitespace) }?
            .shortened(characters: longestTitle, bytes: 4 * longestTitle)
    }
}
