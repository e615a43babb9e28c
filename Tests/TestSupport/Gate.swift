// SPDX-License-Identifier: Apache-2.0

/// Holds tasks back until it is opened.
public final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// A closed gate.
    public init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    /// Waits until the gate is open.
    public func wait() async {
        for await _ in stream {}
    }

    /// Opens the gate for ever.
    public func open() {
        continuation.finish()
    }
}
