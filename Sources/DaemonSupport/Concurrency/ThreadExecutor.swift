// SPDX-License-Identifier: Apache-2.0

import NIOPosix

/// A serial executor with its own thread, for an actor that blocks (on a database or a file).
///
/// Swift has few cooperative threads, and one that blocks is missing everywhere else. An actor that names this executor
/// as its `unownedExecutor` blocks only its own thread.
public final class ThreadExecutor: SerialExecutor {
    private let pool: NIOThreadPool

    /// Starts the thread.
    public init() {
        pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
    }

    /// Runs `job` after all jobs enqueued before it.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pool.submit { _ in job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    deinit {
        // The last reference may go away on the pool's own thread, which cannot wait for itself.
        pool.shutdownGracefully { _ in }
    }
}
