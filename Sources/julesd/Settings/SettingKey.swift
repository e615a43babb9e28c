// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One row of the table of settings: name, form, meaning, and how the value is read, compared and copied.
struct SettingKey: Sendable {
    /// Related keys, documented together.
    enum Group: String, Sendable, CaseIterable {
        case upstream = "The Jules API"
        case listeners = "Listeners and access"
        case history = "History"
        case instances = "Several instances"
        case webhooks = "Webhooks"
        case rules = "Rules"
        case service = "Start and log"
    }

    let name: String
    let group: Group
    /// The default as it would be written; empty if there is none.
    let defaultText: String
    /// The accepted form in words.
    let accepted: String
    /// What it does and why one would change it, in full sentences.
    let meaning: String
    let isSecret: Bool
    /// Whether a reload applies a new value. If not, a change takes a restart.
    let isReloadable: Bool
    /// Reads a text into the settings' field, and returns remarks.
    let read: @Sendable (String, inout Settings) throws(SettingValueError) -> [String]
    /// Whether two settings differ in this key.
    let differs: @Sendable (Settings, Settings) -> Bool
    /// Gives the second settings the value of the first.
    let copy: @Sendable (Settings, inout Settings) -> Void

    init<Value>(
        _ name: String, _ group: Group, default defaultText: String = "", _ form: SettingForm<Value>,
        _ field: any WritableKeyPath<Settings, Value> & Sendable, secret: Bool = false, restart: Bool = false,
        _ meaning: String
    ) {
        self.name = name
        self.group = group
        self.defaultText = defaultText
        self.meaning = meaning
        accepted = form.words
        isSecret = secret
        isReloadable = !restart
        read = { text, settings throws(SettingValueError) in
            var remarks: [String] = []
            settings[keyPath: field] = try form.read(text, &remarks)
            return remarks
        }
        differs = { $0[keyPath: field] != $1[keyPath: field] }
        copy = { $1[keyPath: field] = $0[keyPath: field] }
    }

    /// A row whose field is `nil` while the key is not set.
    init<Value>(
        _ name: String, _ group: Group, _ form: SettingForm<Value>,
        _ field: any WritableKeyPath<Settings, Value?> & Sendable, secret: Bool = false, restart: Bool = false,
        _ meaning: String
    ) {
        self.init(name, group, form.orNil(), field, secret: secret, restart: restart, meaning)
    }

    /// The row of the key called `name`.
    static func named(_ name: String) -> SettingKey? { all.first { $0.name == name } }
}
