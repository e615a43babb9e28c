// SPDX-License-Identifier: Apache-2.0

/// The journal fields in which metadata is stored.
///
/// Metadata keys are in camel case, as in the JSON lines. Keys in `named` get the field given there. Any other key
/// becomes the prefix and its words in upper case: with the prefix `X`, `lastPoll` becomes `X_LAST_POLL`.
public struct LogFields: Sendable {
    private let prefix: String
    private let named: [String: String]

    /// A mapping with this prefix. `named` gives whole field names for some metadata keys.
    public init(prefix: String, named: [String: String] = [:]) {
        self.prefix = prefix
        self.named = named
    }

    /// The field for `key`, in the form that sd_journal_sendv(3) requires: upper-case letters, digits and underscores.
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
        // The journal drops an entry if a field name is longer.
        return String(field.uppercased().prefix(64))
    }
}
