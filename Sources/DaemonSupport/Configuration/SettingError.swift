// SPDX-License-Identifier: Apache-2.0

/// One error in the settings. Its text never holds a secret.
public struct SettingError: Error, Equatable, CustomStringConvertible {
    /// The key; `nil` if the error concerns no single key.
    public var key: String?
    /// Where the key was set; `nil` if it was not set.
    public var place: SettingPlace?
    /// A clause that says what is wrong.
    public var reason: String
    /// The accepted form in words; `nil` if the reason is enough.
    public var accepted: String?
    /// For an unknown key: the most similar known key; `nil` if none is similar.
    public var nearest: String?

    /// An error with these parts.
    public init(
        key: String? = nil, place: SettingPlace? = nil, reason: String, accepted: String? = nil, nearest: String? = nil
    ) {
        self.key = key
        self.place = place
        self.reason = reason
        self.accepted = accepted
        self.nearest = nearest
    }

    /// All parts in one line.
    public var description: String {
        let subject = [key, place.map { key == nil ? "\($0)" : "(\($0))" }].compactMap { $0 }.joined(separator: " ")
        var text = subject.isEmpty ? reason : "\(subject): \(reason)"
        if let accepted { text += "; accepted: \(accepted)" }
        if let nearest { text += "; did you mean \(nearest)?" }
        return text
    }
}

/// A setting that works, but perhaps not as the user meant it. The text never holds a secret.
public struct SettingWarning: Sendable, Equatable, CustomStringConvertible {
    /// The key it is about.
    public var key: String
    /// Where it was set.
    public var place: SettingPlace
    /// A clause that says what is unusual.
    public var reason: String

    /// A warning with these parts.
    public init(key: String, place: SettingPlace, reason: String) {
        self.key = key
        self.place = place
        self.reason = reason
    }

    /// All parts in one line.
    public var description: String { "\(key) (\(place)): \(reason)" }
}
