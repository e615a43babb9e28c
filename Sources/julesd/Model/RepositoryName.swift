// SPDX-License-Identifier: Apache-2.0

/// A repository as people write it: `owner/name` in any case, perhaps with git's `.git` at the end.
struct RepositoryName: Sendable, Equatable {
    /// The name as written, without `.git`.
    let text: String

    init(_ text: String) {
        self.text = text.lowercased().hasSuffix(".git") ? String(text.dropLast(4)) : text
    }

    /// Equal for all spellings of one name: on GitHub no two repositories differ only in case.
    var key: String { text.lowercased() }
}
