// SPDX-License-Identifier: Apache-2.0

/// One metric with all its series, as a scrape reads them.
public struct MetricFamily: Sendable, Equatable {
    /// What the numbers mean to whoever reads them.
    public enum Kind: String, Sendable {
        /// Only grows, and starts at 0 with the process.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts by size, as `_bucket`, `_sum` and `_count`.
        case histogram
    }

    /// The name, in base units, as `http_request_duration_seconds`.
    public let name: String
    /// One sentence for people.
    public let help: String
    /// What the numbers mean.
    public let kind: Kind
    /// The numbers; empty where there are none at present.
    public var samples: [MetricSample]

    /// A family of `samples`.
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

/// One number of a family.
public struct MetricSample: Sendable, Equatable {
    /// What follows the family's name, as `_bucket`; mostly empty.
    public var suffix: String
    /// Names and values, in the order of writing.
    public var labels: [Label]
    /// The number.
    public var value: Double

    /// A label with its value.
    public struct Label: Sendable, Equatable {
        /// The name.
        public var name: String
        /// Any text.
        public var value: String

        /// A label.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A number under `labels`.
    public init(suffix: String = "", _ labels: [Label], _ value: Double) {
        self.suffix = suffix
        self.labels = labels
        self.value = value
    }
}
