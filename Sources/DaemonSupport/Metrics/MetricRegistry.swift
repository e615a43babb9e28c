// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// All metrics of a process. They are read at each scrape.
public final class MetricRegistry: Sendable {
    /// Reads some metrics. It is called at each scrape, in the task of the scrape.
    public typealias Collector = @Sendable () async -> [MetricFamily]

    private let collectors = Mutex<[Collector]>([])

    /// An empty registry.
    public init() {}

    /// Registers metrics that are read together.
    public func register(_ collector: @escaping Collector) {
        collectors.withLock { $0.append(collector) }
    }

    /// Registers a counter.
    public func register(_ name: String, _ help: String, _ counter: Counter<some MetricLabels>) {
        register { [MetricFamily(name, help, .counter, counter.samples)] }
    }

    /// Registers a histogram.
    public func register(_ name: String, _ help: String, _ histogram: Histogram<some MetricLabels>) {
        register { [MetricFamily(name, help, .histogram, histogram.samples)] }
    }

    /// Registers a gauge without labels. `read` returns its value, or `nil` if there is none at present.
    public func register(gauge name: String, _ help: String, _ read: @escaping @Sendable () async -> Double?) {
        register { [MetricFamily(name, help, .gauge, await read().map { [MetricSample([], $0)] } ?? [])] }
    }

    /// All metrics with their present values, sorted by name.
    public func families() async -> [MetricFamily] {
        var families: [MetricFamily] = []
        for collect in collectors.withLock({ $0 }) { families += await collect() }
        return families.sorted { $0.name < $1.name }
    }
}
