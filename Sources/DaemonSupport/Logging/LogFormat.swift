// SPDX-License-Identifier: Apache-2.0

/// How records are written.
public enum LogFormat: String, Sendable, CaseIterable {
    /// Native entries with fields, by sd_journal_sendv(3).
    case journal
    /// One JSON object a line.
    case json
    /// One line for people.
    case text
    /// The journal when standard error is the journal, text on a terminal, else JSON.
    case auto

    /// This format, or the one that `auto` means in these surroundings.
    func resolved(journal: Bool, terminal: Bool) -> LogFormat {
        guard self == .auto else { return self }
        return journal ? .journal : terminal ? .text : .json
    }
}
