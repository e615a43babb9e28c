// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

private enum Fruit: String, MetricLabels {
    static let names = ["fruit"]
    case apple, pear, plum
}

@Suite("Metric series", .timeLimit(.minutes(2)))
struct MetricSeriesTests {
    private func text(_ samples: [MetricSample]) -> [String] {
        let family = MetricFamily("m", "", .gauge, samples)
        return String(decoding: MetricText.encode([family]), as: UTF8.self).split(separator: "\n").dropFirst(2)
            .map(String.init)
    }

    @Test("A counter counts by label, starts known series at 0, and adds counts kept elsewhere")
    func counter() {
        let counter = Counter<Fruit>(known: [.apple])
        #expect(text(counter.samples) == ["m{fruit=\"apple\"} 0"])
        counter.add(.plum)
        counter.add(.apple)
        counter.add(.plum)
        counter.include(.pear) { 7 }
        counter.include(.apple) { 10 }
        #expect(text(counter.samples) == ["m{fruit=\"apple\"} 11", "m{fruit=\"pear\"} 7", "m{fruit=\"plum\"} 2"])
    }

    @Test("No count is lost if many threads count at the same time")
    func concurrency() async {
        let counter = Counter<NoLabels>()
        let histogram = Histogram<NoLabels>(bounds: [1])
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        counter.add(NoLabels())
                        histogram.observe(.milliseconds(500), NoLabels())
                    }
                }
            }
        }
        #expect(text(counter.samples) == ["m 8000"])
        #expect(
            text(histogram.samples) == [
                "m_bucket{le=\"1\"} 8000", "m_bucket{le=\"+Inf\"} 8000", "m_sum 4000", "m_count 8000",
            ])
    }

    @Test("A duration that equals a bound belongs to its bucket, and the buckets are cumulative")
    func histogram() {
        let histogram = Histogram<Fruit>(bounds: [0.25, 1], known: [.pear])
        for milliseconds in [125, 250, 500, 1000, 4000] { histogram.observe(.milliseconds(milliseconds), .apple) }
        #expect(
            text(histogram.samples) == [
                "m_bucket{fruit=\"apple\",le=\"0.25\"} 2", "m_bucket{fruit=\"apple\",le=\"1\"} 4",
                "m_bucket{fruit=\"apple\",le=\"+Inf\"} 5", "m_sum{fruit=\"apple\"} 5.875",
                "m_count{fruit=\"apple\"} 5",
                "m_bucket{fruit=\"pear\",le=\"0.25\"} 0", "m_bucket{fruit=\"pear\",le=\"1\"} 0",
                "m_bucket{fruit=\"pear\",le=\"+Inf\"} 0", "m_sum{fruit=\"pear\"} 0", "m_count{fruit=\"pear\"} 0",
            ])
    }

    @Test("A gauge is read at each scrape, and has a name but no sample while it has no value")
    func gauge() async {
        let registry = MetricRegistry()
        registry.register(gauge: "b", "B.") { nil }
        registry.register(gauge: "a", "A.") { 4 }
        #expect(
            await registry.families() == [
                MetricFamily("a", "A.", .gauge, [MetricSample([], 4)]), MetricFamily("b", "B.", .gauge, []),
            ])
    }
}
