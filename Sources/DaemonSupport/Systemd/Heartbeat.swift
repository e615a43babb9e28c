// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The last sign of life of one part of the daemon, which says of itself how long it may stay silent.
///
/// Before a step that takes long, such as a request with a long timeout, the part says how long: it counts as alive until then, and
/// no longer.
public final class Heartbeat: Sendable {
    /// What makes the progress, for the log.
    public let name: String
    /// How old the last beat may be while the part still counts as alive.
    public let allowedAge: Duration

    private let last: Atomic<Int64>
    private let retired = Atomic(false)

    /// A mark that counts as beaten now.
    public init(name: String, allowedAge: Duration) {
        self.name = name
        self.allowedAge = allowedAge
        last = Atomic(Monotonic.now().nanoseconds)
    }

    /// Reports progress. Cheap, and allowed on any thread.
    ///
    /// - Parameter step: how long the next step may take, besides the allowed age.
    public func markAlive(before step: Duration = .zero) {
        markAlive(at: .now(), before: step)
    }

    /// The part has ended as planned and owes no further beats, whether or not some still come.
    public func retire() {
        retired.store(true, ordering: .relaxed)
    }

    func markAlive(at moment: Monotonic, before step: Duration = .zero) {
        last.store((moment + step).nanoseconds, ordering: .relaxed)
    }

    func isFresh(at now: Monotonic) -> Bool {
        retired.load(ordering: .relaxed)
            || now - Monotonic(nanoseconds: last.load(ordering: .relaxed)) <= allowedAge
    }
}
