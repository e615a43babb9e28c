// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// All that a process tells about itself, read when somebody asks.
public final class MetricRegistry: Sendable {
    /// Reads some families; asked at each scrape, on the task of whoever scrapes.
    public typealias Collector = @Sendable () async -> [MetricFamily]

    private let collectors = Mutex<[Collector]>([])

    /// An empty registry.
    public init() {}

    /// Adds families that are read together.
    public func register(_ collector: @escaping Collector) {
        collectors.withLock { $0.append(collector) }
    }

    /// Adds a counter.
    public func register(_ name: String, _ help: String, _ counter: Counter<some MetricLabels>) {
        register { [MetricFamily(name, help, .counter, counter.samples)] }
    }

    /// Adds a histogram.
    public func register(_ name: String, _ help: String, _ histogram: Histogram<some MetricLabels>) {
        register { [MetricFamily(name, help, .histogram, histogram.samples)] }
    }

    /// Adds a gauge without labels, whose value `read` knows; `nil` where there is none at present.
    public func register(gauge name: String, _ help: String, _ read: @escaping @Sendable () async -> Double?) {
        register { [MetricFamily(name, help, .gauge, await read().map { [MetricSample([], $0)] } ?? [])] }
    }

    /// Everything at present, by name.
    public func families() async -> [MetricFamily] {
        var families: [MetricFamily] = []
        for collect in collectors.withLock({ $0 }) { families += await collect() }
        return families.sorted { $0.name < $1.name }
    }
}
