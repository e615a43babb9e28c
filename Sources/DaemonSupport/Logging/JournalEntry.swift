// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// A record as the fields of a journal entry (systemd.journal-fields(7)).
struct JournalEntry: Sendable {
    /// The journal's socket. A test for its existence shows whether there is a journal.
    static let socketPath = "/run/systemd/journal/socket"

    /// The fields as `NAME=value`. A value may contain any byte.
    let fields: [String]

    init(_ record: LogRecord, identifier: String, naming: LogFields) {
        var fields = [
            // The message stays on one line, because journalctl does not show a message with control characters.
            "MESSAGE=\(record.sentence.escapedForLine)",
            "PRIORITY=\(record.level.priority)",
            "SYSLOG_IDENTIFIER=\(identifier)",
            "CODE_FILE=\(record.file)",
            "CODE_LINE=\(record.line)",
            "CODE_FUNC=\(record.function)",
        ]
        if let event = record.event { fields.append("MESSAGE_ID=\(event.messageID)") }
        for (key, value) in record.metadata { fields.append("\(naming.field(for: key))=\(value.text)") }
        self.fields = fields
    }

    /// Sends the entry. If the journal does not take it, it is lost, because the error could be reported nowhere else.
    func send() {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for field in fields {
            bytes.append(contentsOf: field.utf8)
            ends.append(bytes.count)
        }
        bytes.withUnsafeMutableBytes { buffer in
            var start = 0
            let vectors = ends.map { end in
                defer { start = end }
                return iovec(iov_base: buffer.baseAddress?.advanced(by: start), iov_len: end - start)
            }
            _ = sd_journal_sendv(vectors, Int32(vectors.count))
        }
    }
}
