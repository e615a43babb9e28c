// SPDX-License-Identifier: Apache-2.0

/// A session as the fake API keeps it.
struct FakeSession: Sendable {
    var id: String
    var state = "IN_PROGRESS"
    var title: String
    var prompt = "Mend the uploader."
    var archived = false
    /// Grows with each session; decides the order of the list.
    var created: Int
    /// Grows with each change.
    var updated = 0
    /// Further members as JSON, each with a comma before it.
    var extra = ""

    /// The `number`th session of an account.
    init(_ number: Int, state: String = "IN_PROGRESS", extra: String = "") {
        // Beyond Int64.max, as many ids are.
        id = "1455038855433\(1_000_000 + number)"
        title = "Session \(number)"
        created = number
        self.state = state
        self.extra = extra
    }

    /// The resource's text. It has no white space between tokens, so that it can be compared with what the daemon passes on.
    var json: String {
        #"{"name":"sessions/\#(id)","id":"\#(id)","prompt":"\#(prompt)","sourceContext":{"source":"sources/github/acme/harbor","#
            + #""githubRepoContext":{"startingBranch":"main"}},"title":"\#(title)","createTime":"\#(Self.time(created))","#
            + #""updateTime":"\#(Self.time(1_000_000 + updated))","state":"\#(state)""#
            + (archived ? #","archived":true"# : "") + extra + "}"
    }

    /// An instant: that many milliseconds into a certain day.
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
