// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A counter with labels.
public final class Counter<Labels: MetricLabels>: Sendable {
    private struct State {
        var counts: [Labels: UInt64]
        var elsewhere: [Labels: @Sendable () -> UInt64] = [:]
    }

    private let state: Mutex<State>

    /// - Parameter known: series that exist from the start with the value 0, so that rate() sees their first event.
    public init(known: [Labels] = []) {
        state = Mutex(State(counts: Dictionary(known.map { ($0, 0) }, uniquingKeysWith: { first, _ in first })))
    }

    /// Counts one event.
    public func add(_ labels: Labels) {
        state.withLock { $0.counts[labels, default: 0] += 1 }
    }

    /// Adds a count that is kept elsewhere to a series. `count` is called at each scrape; its value must never fall.
    public func include(_ labels: Labels, _ count: @escaping @Sendable () -> UInt64) {
        state.withLock { $0.elsewhere[labels] = count }
    }

    /// The present values of all series.
    public var samples: [MetricSample] {
        let state = state.withLock { $0 }
        return state.counts
            .merging(state.elsewhere.mapValues { $0() }, uniquingKeysWith: +)
            .inLabelOrder.map { MetricSample($0.labels, Double($0.value)) }
    }
}
