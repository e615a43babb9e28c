// SPDX-License-Identifier: Apache-2.0

import NIOPosix

/// A serial executor with a thread of its own, for an actor whose work blocks (a database, a file).
///
/// Blocking on one of Swift's cooperative threads would take it from everybody else; an actor that names this executor as its
/// `unownedExecutor` blocks nobody but itself.
public final class ThreadExecutor: SerialExecutor {
    private let pool: NIOThreadPool

    /// Starts the thread.
    public init() {
        pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
    }

    /// Runs `job` after the ones enqueued before it.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pool.submit { _ in job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    deinit {
        // The last reference may go on the pool's own thread, which cannot wait for itself.
        pool.shutdownGracefully { _ in }
    }
}
