// SPDX-License-Identifier: Apache-2.0

/// What the sources say about the known keys.
public struct GatheredSettings: Sendable {
    /// A value and where it comes from.
    public struct Value: Sendable {
        /// The text; never empty in `values`.
        public var text: String
        /// Where it comes from.
        public var place: SettingPlace
    }

    /// The strongest value of each key that is set.
    public var values: [String: Value] = [:]
    /// Keys that somebody set, but whose value a problem or a seal hides.
    public var undecided: Set<String> = []
    /// All problems.
    public var problems: [SettingError] = []
    /// All warnings.
    public var warnings: [SettingWarning] = []
}
