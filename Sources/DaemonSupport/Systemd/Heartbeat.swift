// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The time at which one part of the daemon last reported progress, and how long it may be silent.
///
/// Before a long step, such as a request with a long timeout, the part reports how long the step may take. Until then
/// it counts as alive.
public final class Heartbeat: Sendable {
    /// The name of the part, for the log.
    public let name: String
    /// The part counts as alive if its last report is not older than this.
    public let allowedAge: Duration

    private let last: Atomic<Int64>
    private let retired = Atomic(false)

    /// A heartbeat whose last report is now.
    public init(name: String, allowedAge: Duration) {
        self.name = name
        self.allowedAge = allowedAge
        last = Atomic(Monotonic.now().nanoseconds)
    }

    /// Reports progress. It is cheap and may be called on any thread.
    ///
    /// - Parameter step: how long the next step may take, in addition to the allowed age.
    public func markAlive(before step: Duration = .zero) {
        markAlive(at: .now(), before: step)
    }

    /// The part has ended as planned. From now on it counts as alive without reports.
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
