// SPDX-License-Identifier: Apache-2.0

/// A session in the fake API.
struct FakeSession: Sendable {
    var id: String
    var state = "IN_PROGRESS"
    var title: String
    var prompt = "Mend the uploader."
    var archived = false
    /// A number that grows with each session. It decides the order of the list.
    var created: Int
    /// A number that grows with each change.
    var updated = 0
    /// Further members as JSON, each with a comma before it.
    var extra = ""

    /// The session with this number in its account.
    init(_ number: Int, state: String = "IN_PROGRESS", extra: String = "") {
        // The id is above Int64.max, like many real ones.
        id = "1455038855433\(1_000_000 + number)"
        title = "Session \(number)"
        created = number
        self.state = state
        self.extra = extra
    }

    /// The JSON text of the session. It has no white space between tokens, so that it equals the text that the daemon
    /// passes on.
    var json: String {
        #"{"name":"sessions/\#(id)","id":"\#(id)","prompt":"\#(prompt)","sourceContext":{"source":"sources/github/acme/harbor","#
            + #""githubRepoContext":{"startingBranch":"main"}},"title":"\#(title)","createTime":"\#(Self.time(created))","#
            + #""updateTime":"\#(Self.time(1_000_000 + updated))","state":"\#(state)""#
            + (archived ? #","archived":true"# : "") + extra + "}"
    }

    /// A time: `milliseconds` after the start of a fixed day.
    static func time(_ milliseconds: Int) -> String {
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: width - digits.count) + digits
        }
        let seconds = milliseconds / 1000
        return "2026-11-20T\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
            + ".\(padded(milliseconds % 1000, 3))001Z"
    }
}
