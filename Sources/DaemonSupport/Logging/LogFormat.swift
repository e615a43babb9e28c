// SPDX-License-Identifier: Apache-2.0

/// How records are written.
public enum LogFormat: String, Sendable, CaseIterable {
    /// Journal entries with fields (sd_journal_sendv(3)).
    case journal
    /// One JSON object per line.
    case json
    /// One line for people per record.
    case text
    /// `journal` if standard error goes to the journal, `text` on a terminal, otherwise `json`.
    case auto

    /// This format; for `auto`, the format that fits the output.
    func resolved(journal: Bool, terminal: Bool) -> LogFormat {
        guard self == .auto else { return self }
        return journal ? .journal : terminal ? .text : .json
    }
}
