// SPDX-License-Identifier: Apache-2.0

/// What the sources set for the known keys.
public struct GatheredSettings: Sendable {
    /// A value and where it comes from.
    public struct Value: Sendable {
        /// The text; never empty in `values`.
        public var text: String
        /// Where it comes from.
        public var place: SettingPlace
    }

    /// For each key that is set, the value of the strongest source.
    public var values: [String: Value] = [:]
    /// Keys that are set, but whose value is unknown: it has a problem, or only the service manager can open the
    /// credential.
    public var undecided: Set<String> = []
    /// All problems, in the order in which they were found.
    public var problems: [SettingError] = []
    /// All warnings, in the order in which they were found.
    public var warnings: [SettingWarning] = []
}
