// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// Runs tasks on an event loop, so that answering a request takes no change of threads.
///
/// Started with `Task.immediate(executorPreference:)` on the loop, a task runs up to its first real suspension at once. Actors
/// without an executor of their own run on the loop too while such a task calls them: one that blocks needs its own.
public final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    /// An executor for `eventLoop`.
    public init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Runs `job` on the loop after what is already waiting there.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
