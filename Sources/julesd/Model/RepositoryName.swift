// SPDX-License-Identifier: Apache-2.0

/// A repository as people name it: `owner/name` in any case, perhaps with git's `.git` at the end.
struct RepositoryName: Sendable, Equatable {
    /// The name as written, without `.git`.
    let text: String

    init(_ text: String) {
        self.text = text.lowercased().hasSuffix(".git") ? String(text.dropLast(4)) : text
    }

    /// The same for all spellings of one name: GitHub tells no two repositories apart by case.
    var key: String { text.lowercased() }
}
