// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Keeps recent results, and lets all requests for the same key at the same time share one read.
actor ReadCache<Key: Hashable & Sendable, Value: Sendable> {
    /// How many values are kept before values that are too old for the caller are dropped.
    private static var most: Int { 1000 }

    private var kept: [Key: (value: Value, asked: Duration)] = [:]
    private var underWay: [Key: Task<Value, any Error>] = [:]

    /// The value of `key` if it was read less than `age` ago, else the result of `read`.
    ///
    /// A read ends even if nobody waits for it any more. A failure is not kept. `age` zero never returns an older read.
    ///
    /// - Throws: what `read` throws.
    func value(
        for key: Key, age: Duration, _ read: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        if let (value, asked) = kept[key], .monotonic - asked < age { return value }
        // With `age` zero, a read that began before this call is too old.
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

    /// The value that was read last, of any age; `nil` if there is none.
    func last(for key: Key) -> Value? { kept[key]?.value }
}
