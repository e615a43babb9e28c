// SPDX-License-Identifier: Apache-2.0

/// One metric with all its series.
public struct MetricFamily: Sendable, Equatable {
    /// The type of a metric.
    public enum Kind: String, Sendable {
        /// Starts at 0 with the process and only grows.
        case counter
        /// Can go up and down.
        case gauge
        /// Counts values by size, as `_bucket`, `_sum` and `_count`.
        case histogram
    }

    /// The name, with a base unit, such as `http_request_duration_seconds`.
    public let name: String
    /// A sentence that says what is measured.
    public let help: String
    /// The type of the metric.
    public let kind: Kind
    /// The values; empty if there are none at present.
    public var samples: [MetricSample]

    /// A metric with these values.
    public init(_ name: String, _ help: String, _ kind: Kind, _ samples: [MetricSample]) {
        precondition(Self.isName(name), "\(name) is no name of a metric")
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, !("0"..."9").contains(first) else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", ":": true
            default: false
            }
        }
    }
}

/// One value of a metric.
public struct MetricSample: Sendable, Equatable {
    /// The text after the metric's name, such as `_bucket`; usually empty.
    public var suffix: String
    /// The labels, in the order in which they are written.
    public var labels: [Label]
    /// The value.
    public var value: Double

    /// A label with its value.
    public struct Label: Sendable, Equatable {
        /// The name.
        public var name: String
        /// The value; any text.
        public var value: String

        /// A label with this name and value.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A value with these labels.
    public init(suffix: String = "", _ labels: [Label], _ value: Double) {
        self.suffix = suffix
        self.labels = labels
        self.value = value
    }
}
