// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// Runs tasks on an event loop, so that a request is answered without a change of thread.
///
/// A task that is started on the loop with `Task.immediate(executorPreference:)` runs at once up to its first real
/// suspension. Actors without their own executor run on the loop too when such a task calls them, so an actor that
/// blocks needs its own executor.
public final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    /// An executor for `eventLoop`.
    public init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Runs `job` on the loop, after the work that waits there already.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
