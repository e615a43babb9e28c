// SPDX-License-Identifier: Apache-2.0

/// The labels that tell the series of one metric apart.
///
/// Each value that occurs adds a series for the rest of the process's life, so a conforming type must have few values.
/// Text that a client chooses (a path, an unknown method) must be mapped to a fixed set first.
public protocol MetricLabels: Hashable, Sendable {
    /// The names of the labels.
    static var names: [String] { get }
    /// The values of the labels, in the order of `names`.
    var values: [String] { get }
}

extension MetricLabels where Self: RawRepresentable, RawValue == String {
    /// The only value.
    public var values: [String] { [rawValue] }
}

extension MetricLabels {
    var labels: [MetricSample.Label] { zip(Self.names, values).map { MetricSample.Label($0, $1) } }
}

extension Dictionary where Key: MetricLabels {
    /// The series, sorted by the values of their labels, so that two scrapes are easy to compare.
    var inLabelOrder: [(labels: [MetricSample.Label], value: Value)] {
        map { (labels: $0.key.labels, value: $0.value) }
            .sorted { $0.labels.lexicographicallyPrecedes($1.labels) { $0.value < $1.value } }
    }
}

/// The labels of a metric with a single series.
public struct NoLabels: MetricLabels {
    /// None.
    public static let names: [String] = []
    /// None.
    public var values: [String] { [] }

    /// No labels.
    public init() {}
}
