// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A histogram of durations with labels.
public final class Histogram<Labels: MetricLabels>: Sendable {
    private struct Series {
        /// The count of each bucket, without the smaller buckets. The last bucket counts durations above all bounds.
        var counts: [UInt64]
        var sum = 0.0

        init(buckets: Int) { counts = Array(repeating: 0, count: buckets) }

        mutating func add(_ seconds: Double, bucket: Int) {
            counts[bucket] += 1
            sum += seconds
        }
    }

    private let bounds: [Double]
    private let series: Mutex<[Labels: Series]>

    /// - Parameters:
    ///  - bounds: the upper bounds of the buckets in seconds, in rising order. A bound belongs to its bucket.
    ///   - known: series that exist from the start with the value 0.
    public init(bounds: [Double], known: [Labels] = []) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds have to rise")
        self.bounds = bounds
        let empty = Series(buckets: bounds.count + 1)
        series = Mutex(Dictionary(known.map { ($0, empty) }, uniquingKeysWith: { first, _ in first }))
    }

    /// Counts one duration.
    public func observe(_ duration: Duration, _ labels: Labels) {
        let seconds = duration / .seconds(1)
        let bucket = bounds.firstIndex { seconds <= $0 } ?? bounds.count
        series.withLock { $0[labels, default: Series(buckets: bounds.count + 1)].add(seconds, bucket: bucket) }
    }

    /// The present values of all series: cumulative buckets, sum and count.
    public var samples: [MetricSample] {
        series.withLock { $0 }.inLabelOrder.flatMap { labels, series in
            var total: UInt64 = 0
            var samples: [MetricSample] = []
            for (bound, count) in zip(bounds + [.infinity], series.counts) {
                total += count
                samples.append(
                    MetricSample(suffix: "_bucket", labels + [.init("le", MetricText.number(bound))], Double(total)))
            }
            samples.append(MetricSample(suffix: "_sum", labels, series.sum))
            samples.append(MetricSample(suffix: "_count", labels, Double(total)))
            return samples
        }
    }
}
