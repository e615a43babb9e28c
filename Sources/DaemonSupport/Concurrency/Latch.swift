// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A flag that is set once and never cleared.
public final class Latch: Sendable {
    private let value = Atomic(false)

    /// A latch that is not set.
    public init() {}

    /// Whether the flag has been set.
    public var isSet: Bool { value.load(ordering: .acquiring) }

    /// Sets the flag.
    public func set() { value.store(true, ordering: .releasing) }
}
