// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

@testable import julesd

/// A session as the API sends it. `created` is in seconds after a fixed time.
func session(
    _ id: String, state: String = "IN_PROGRESS", created: Int = 0, title: String = "Retry uploads",
    more: String = ""
) -> Session {
    let time = Timestamp(nanoseconds: 1_795_166_042_000_000_000 + Int64(created) * 1_000_000_000)
    let body = """
        {"name":"sessions/\(id)","id":"\(id)","prompt":"Do it","title":"\(title)","state":"\(state)",\
        "sourceContext":{"source":"sources/github/acme/Harbor"},"createTime":"\(time.rfc3339Exact)"\(more)}
        """
    guard let session = Session(wire: Array(body.utf8)) else { preconditionFailure("not a session: \(body)") }
    return session
}

/// An activity as the API sends it. `created` is in microseconds after a fixed time.
func activity(_ id: String, created: Int, member: String = #""progressUpdated":{}"#) -> Activity {
    let time = Timestamp(nanoseconds: 1_795_166_042_000_000_000 + Int64(created) * 1000)
    let body = #"{"id":"\#(id)","createTime":"\#(time.rfc3339Exact)",\#(member)}"#
    guard let activity = Activity(wire: Array(body.utf8)) else { preconditionFailure("not an activity: \(body)") }
    return activity
}

/// Copies a file to a new one.
func copyFile(_ path: String, to new: String) throws {
    let draft = try DraftFile(for: new)
    try draft.append(contentsOf: path)
    try draft.takeName(replacing: false)
}
