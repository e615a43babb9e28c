// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch

/// Runs `body`, which may block, on another thread and waits for its result.
///
/// - Returns: what `body` returned; `nil` if the task was cancelled first. `body` then runs to its end, and its result
///   is dropped.
public func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
    let (results, result) = AsyncStream.makeStream(of: Value.self)
    DispatchQueue(label: "blocking").async {
        result.yield(body())
        result.finish()
    }
    for await value in results { return value }
    return nil
}
