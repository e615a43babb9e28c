// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Something that happens once and then has happened.
public final class Latch: Sendable {
    private let value = Atomic(false)

    /// A latch that is not set.
    public init() {}

    /// Whether it has happened.
    public var isSet: Bool { value.load(ordering: .acquiring) }

    /// Says that it has happened.
    public func set() { value.store(true, ordering: .releasing) }
}
