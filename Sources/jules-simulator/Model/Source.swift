// SPDX-License-Identifier: Apache-2.0

/// A repository that the account may work on.
struct Source: Sendable, Equatable {
    var owner: String
    var repo: String
    var isPrivate = false
    var defaultBranch = "main"
    var branches = ["main"]

    var name: String { "sources/github/\(owner)/\(repo)" }
}
