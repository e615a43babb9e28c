// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing
import Wording

@testable import julesd

@Suite("Delta wording", .timeLimit(.minutes(2)))
struct DeltaWordingTests {
    private static let pullRequest =
        #","outputs":[{"changeSet":{}},{"pullRequest":{"url":"https://github.com/acme/harbor/pull/214"}}]"#

    private func delta(_ before: Session?, _ after: Session?, _ attention: AttentionReason?) -> SessionDelta {
        SessionDelta(seq: 1, before: before, after: after, attention: attention, at: Timestamp(milliseconds: 0))
    }

    /// The sentence. It must be the same from the sessions and from the delta's JSON.
    private func sentence(_ before: Session?, _ after: Session?, _ attention: AttentionReason? = nil) throws -> String {
        let delta = delta(before, after, attention)
        let wording = DeltaWording(
            attention: attention?.rawValue, before: before.map(DeltaWording.Standing.init),
            after: after.map(DeltaWording.Standing.init))
        #expect(try DeltaWording(delta: JSON(parsing: delta.json)) == wording)
        return wording.sentence
    }

    @Test(
        "Each reason has its own sentence, whatever the state",
        arguments: AttentionReason.allCases)
    func reasons(reason: AttentionReason) throws {
        let sentences = try ["IN_PROGRESS", "COMPLETED", "FAILED"].map { state in
            try sentence(session("1", state: state), session("1", state: state), reason)
        }
        let expected = DeltaWording.sentence(ofReason: reason.rawValue)
        #expect(Set(sentences) == [expected])
        #expect(!["At work.", "Completed.", "Failed."].contains(expected) && !expected.hasPrefix("Waits for you"))
        let all = Set(AttentionReason.allCases.map { DeltaWording.sentence(ofReason: $0.rawValue) })
        #expect(all.count == AttentionReason.allCases.count)
    }

    @Test(
        "Without a reason the new state is named",
        arguments: [
            ("QUEUED", "Queued."), ("PLANNING", "A plan is being made."), ("IN_PROGRESS", "At work."),
            ("PAUSED", "Paused."), ("COMPLETED", "Completed."), ("FAILED", "Failed."),
            ("SOMETHING_NEW", "Now SOMETHING_NEW."), ("STATE_UNSPECIFIED", "Changed."),
        ])
    func states(state: String, expected: String) throws {
        #expect(try sentence(nil, session("1", state: state)) == expected)
        #expect(try sentence(session("1", state: "OTHER"), session("1", state: state)) == expected)
    }

    @Test(
        "A state that did not change is not named again",
        arguments: [
            ("IN_PROGRESS", "", #","new":1"#, "Changed."), ("COMPLETED", "", #","new":1"#, "Changed."),
            ("COMPLETED", "", #","archived":true"#, "Archived."),
            ("COMPLETED", #","archived":true"#, "", "No longer archived."),
            ("COMPLETED", "", pullRequest, "A pull request is ready for review."),
            ("COMPLETED", pullRequest, pullRequest + #","new":1"#, "Changed."),
        ])
    func unmoved(state: String, before: String, after: String, expected: String) throws {
        let (before, after) = (session("1", state: state, more: before), session("1", state: state, more: after))
        #expect(try sentence(before, after) == expected)
    }

    @Test("The end with a pull request says that it can be reviewed, and a deletion says only that")
    func others() throws {
        let done = session("1", state: "COMPLETED", more: Self.pullRequest)
        #expect(try sentence(session("1"), done) == "Completed: a pull request is ready for review.")
        #expect(try sentence(done, nil) == "The session was deleted.")
    }
}
