// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Something that happens once and then has happened.
public final class Milestone: Sendable {
    private let passed = Atomic(false)

    /// A milestone that lies ahead.
    public init() {}

    /// Whether it lies behind.
    public var isPassed: Bool { passed.load(ordering: .acquiring) }

    /// It has happened.
    public func pass() { passed.store(true, ordering: .releasing) }
}
