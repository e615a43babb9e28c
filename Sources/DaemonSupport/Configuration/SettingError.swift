// SPDX-License-Identifier: Apache-2.0

/// One fault of the settings. Its text never holds a secret.
public struct SettingError: Error, Equatable, CustomStringConvertible {
    /// The key; `nil` where the fault is not about one.
    public var key: String?
    /// Where it was set; `nil` where it was not.
    public var place: SettingPlace?
    /// A clause that says what is wrong.
    public var reason: String
    /// The accepted form in words.
    public var accepted: String?
    /// For an unknown key: the known one that was most likely meant.
    public var nearest: String?

    /// A fault.
    public init(
        key: String? = nil, place: SettingPlace? = nil, reason: String, accepted: String? = nil, nearest: String? = nil
    ) {
        self.key = key
        self.place = place
        self.reason = reason
        self.accepted = accepted
        self.nearest = nearest
    }

    /// All of it on one line.
    public var description: String {
        let subject = [key, place.map { key == nil ? "\($0)" : "(\($0))" }].compactMap { $0 }.joined(separator: " ")
        var text = subject.isEmpty ? reason : "\(subject): \(reason)"
        if let accepted { text += "; accepted: \(accepted)" }
        if let nearest { text += "; did you mean \(nearest)?" }
        return text
    }
}

/// Something about the settings that works, but perhaps not as meant. Its text never holds a secret.
public struct SettingWarning: Sendable, Equatable, CustomStringConvertible {
    /// The key it is about.
    public var key: String
    /// Where it was set.
    public var place: SettingPlace
    /// A clause that says what is odd.
    public var reason: String

    /// A warning.
    public init(key: String, place: SettingPlace, reason: String) {
        self.key = key
        self.place = place
        self.reason = reason
    }

    /// All of it on one line.
    public var description: String { "\(key) (\(place)): \(reason)" }
}
