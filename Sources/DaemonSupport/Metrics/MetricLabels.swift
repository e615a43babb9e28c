// SPDX-License-Identifier: Apache-2.0

/// What tells the series of one family apart.
///
/// Every value that ever occurs is a series for as long as the process lives, so a conforming type admits few values: what a
/// client can choose freely (a path, a method of its own) has to be mapped to a fixed set before it gets here.
public protocol MetricLabels: Hashable, Sendable {
    /// The labels' names.
    static var names: [String] { get }
    /// Their values, in the order of `names`.
    var values: [String] { get }
}

extension MetricLabels where Self: RawRepresentable, RawValue == String {
    /// The one value.
    public var values: [String] { [rawValue] }
}

extension MetricLabels {
    var labels: [MetricSample.Label] { zip(Self.names, values).map { MetricSample.Label($0, $1) } }
}

extension Dictionary where Key: MetricLabels {
    /// The series in the order of their labels' values, so that two scrapes are easy to compare.
    var inLabelOrder: [(labels: [MetricSample.Label], value: Value)] {
        map { (labels: $0.key.labels, value: $0.value) }
            .sorted { $0.labels.lexicographicallyPrecedes($1.labels) { $0.value < $1.value } }
    }
}

/// The labels of a family with a single series.
public struct NoLabels: MetricLabels {
    /// None.
    public static let names: [String] = []
    /// None.
    public var values: [String] { [] }

    /// No labels.
    public init() {}
}
