// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Keeps what was read a moment ago, and lets all who ask for the same thing at the same time share one reading.
actor ReadCache<Key: Hashable & Sendable, Value: Sendable> {
    /// How many values are kept before those are forgotten that are too old for whoever asks.
    private static var most: Int { 1000 }

    private var kept: [Key: (value: Value, asked: Duration)] = [:]
    private var underWay: [Key: Task<Value, any Error>] = [:]

    /// The value of `key` if it was read less than `age` ago, else what `read` answers.
    ///
    /// A reading ends even if nobody waits for it any more. A failure is not kept.
    func value(
        for key: Key, age: Duration, _ read: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        if let (value, asked) = kept[key], .monotonic - asked < age { return value }
        // Who takes nothing older must not take what was asked before he came.
        if age > .zero, let task = underWay[key] { return try await task.value }
        let asked = Duration.monotonic
        let task = Task(operation: read)
        underWay[key] = task
        defer { underWay[key] = nil }
        let value = try await task.value
        if kept.count >= Self.most { kept = kept.filter { asked - $0.value.asked < age } }
        kept[key] = (value, asked)
        return value
    }

    /// The value that was read last, however old it is.
    func last(for key: Key) -> Value? { kept[key]?.value }
}
