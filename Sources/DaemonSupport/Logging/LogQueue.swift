// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch
import Glibc
import Synchronization

/// Writes records in their order on a thread of its own, so that an output that takes nothing holds up nobody who logs.
///
/// The kernel may hold write(2) to a full pipe, and sendmsg(2) to the journal, for as long as nobody reads.
final class LogQueue: Sendable {
    /// A record in the form in which it leaves.
    enum Output: Sendable {
        case line([UInt8])
        case entry(JournalEntry)

        /// In bytes, about.
        var size: Int {
            switch self {
            case .line(let bytes): bytes.count
            case .entry(let entry): entry.fields.reduce(0) { $0 + $1.utf8.count }
            }
        }
    }

    private struct State: Sendable {
        var backlog: LogBacklog<Output>
        /// `true` from the first record that waits until the writer finds none.
        var isWriting = false
    }

    private let state: Mutex<State>
    private let writer = DispatchQueue(label: "log")
    private let write: @Sendable (Output) -> Void
    private let dropNotice: @Sendable (UInt64) -> Output

    /// - Parameters:
    ///   - write: writes one record; it may block.
    ///   - dropNotice: the record that tells how many were dropped.
    init(
        _ backlog: LogBacklog<Output> = LogBacklog(), write: @escaping @Sendable (Output) -> Void,
        dropNotice: @escaping @Sendable (UInt64) -> Output
    ) {
        state = Mutex(State(backlog: backlog))
        self.write = write
        self.dropNotice = dropNotice
        FlushAtExit.include(self)
    }

    deinit { FlushAtExit.remove(self) }

    /// How many records have been dropped so far.
    var droppedCount: UInt64 { state.withLock { $0.backlog.droppedCount } }

    /// Hands a record over. Never blocks.
    func add(_ output: Output) {
        let isFirst = state.withLock { state in
            state.backlog.add(output, size: output.size)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if isFirst { writer.async { self.drain() } }
    }

    /// Waits until all that was handed over before is written, or until the time is over.
    func flush(until deadline: DispatchTime) {
        let written = DispatchSemaphore(value: 0)
        writer.async { written.signal() }
        _ = written.wait(timeout: deadline)
    }

    private func drain() {
        while true {
            let batch = state.withLock { state in
                let batch = state.backlog.take()
                state.isWriting = !batch.isEmpty
                return batch
            }
            if batch.isEmpty { return }
            for output in batch.records { write(output) }
            if batch.dropped > 0 { write(dropNotice(batch.dropped)) }
        }
    }
}

/// Gives the queues a second for what they hold at the end of the process, whichever way it takes to exit(3).
private enum FlushAtExit {
    private struct Entry {
        weak var queue: LogQueue?
    }

    private static let entries = Mutex<[ObjectIdentifier: Entry]>([:])
    private static let registered = atexit { FlushAtExit.flush() }

    static func include(_ queue: LogQueue) {
        _ = registered
        entries.withLock { $0[ObjectIdentifier(queue)] = Entry(queue: queue) }
    }

    static func remove(_ queue: LogQueue) {
        entries.withLock { $0[ObjectIdentifier(queue)] = nil }
    }

    private static func flush() {
        let deadline = DispatchTime.now() + .seconds(1)
        for queue in entries.withLock({ $0.values.compactMap(\.queue) }) { queue.flush(until: deadline) }
    }
}
