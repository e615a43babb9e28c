// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch

/// Runs what may block for long, on a thread of its own, and waits for it.
///
/// - Returns: what `body` returned; `nil` if the task was cancelled first. The thread then goes on to its end, and nobody waits for it.
public func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
    let (results, result) = AsyncStream.makeStream(of: Value.self)
    DispatchQueue(label: "blocking").async {
        result.yield(body())
        result.finish()
    }
    for await value in results { return value }
    return nil
}
