// SPDX-License-Identifier: Apache-2.0

/// The journal fields under which metadata is stored.
///
/// Metadata keys are the names of the JSON lines, in camel case. Those that other programs look for get a journal field by
/// name; any other key becomes the prefix and its words in upper case: `lastPoll` with the prefix `X` is `X_LAST_POLL`.
public struct LogFields: Sendable {
    private let prefix: String
    private let named: [String: String]

    /// A naming of fields; `named` maps metadata keys to whole field names.
    public init(prefix: String, named: [String: String] = [:]) {
        self.prefix = prefix
        self.named = named
    }

    /// The field for `key`, in the form that sd_journal_sendv(3) demands: upper-case letters, digits and underscores.
    func field(for key: String) -> String {
        if let field = named[key] { return field }
        var field = prefix + "_"
        var afterSmall = false
        for character in key.utf8 {
            let scalar = Unicode.Scalar(character)
            switch scalar {
            case "a"..."z", "0"..."9":
                field.unicodeScalars.append(scalar)
                afterSmall = true
            case "A"..."Z":
                if afterSmall { field += "_" }
                field.unicodeScalars.append(scalar)
                afterSmall = false
            default:
                field += "_"
                afterSmall = false
            }
        }
        // The journal drops entries with a longer name.
        return String(field.uppercased().prefix(64))
    }
}
