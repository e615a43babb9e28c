// SPDX-License-Identifier: Apache-2.0

/// Where a session stood before a delta and where it stands now.
struct SessionMove: Sendable, Equatable {
    /// `nil` where there was no session.
    let from: SessionState?
    /// `nil` where there is none any more.
    let to: SessionState?
    /// Whether it is archived now; `nil` unless that has changed.
    let archived: Bool?
    /// It names a pull request now.
    let hasPullRequest: Bool
    /// It did not before.
    let pullRequestIsNew: Bool

    init(from before: Session?, to after: Session?) {
        from = before?.state
        to = after?.state
        archived = before != nil && before?.archived != after?.archived ? after?.archived : nil
        hasPullRequest = after?.hasPullRequest == true
        pullRequestIsNew = hasPullRequest && before?.hasPullRequest != true
    }
}
