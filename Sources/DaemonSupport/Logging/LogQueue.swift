// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch
import Glibc
import Synchronization

/// Writes records in order on its own thread, so that a slow output does not block the code that logs.
///
/// A write(2) to a full pipe or a sendmsg(2) to the journal can block for as long as the other side does not read.
final class LogQueue: Sendable {
    /// A record in the form in which it is written.
    enum Output: Sendable {
        case line([UInt8])
        case entry(JournalEntry)

        /// The approximate size in bytes.
        var size: Int {
            switch self {
            case .line(let bytes): bytes.count
            case .entry(let entry): entry.fields.reduce(0) { $0 + $1.utf8.count }
            }
        }
    }

    private struct State: Sendable {
        var backlog: LogBacklog<Output>
        /// True from the first waiting record until the writer finds none.
        var isWriting = false
    }

    private let state: Mutex<State>
    private let writer = DispatchQueue(label: "log")
    private let write: @Sendable (Output) -> Void
    private let dropNotice: @Sendable (UInt64) -> Output

    /// - Parameters:
    ///   - write: writes one record; it may block.
    /// - dropNotice: makes the record that says how many records were dropped.
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

    /// The number of records dropped so far.
    var droppedCount: UInt64 { state.withLock { $0.backlog.droppedCount } }

    /// Adds a record. Never blocks.
    func add(_ output: Output) {
        let isFirst = state.withLock { state in
            state.backlog.add(output, size: output.size)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if isFirst { writer.async { self.drain() } }
    }

    /// Waits until all records added before are written, or until `deadline`.
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

/// At exit(3), waits up to one second for the queues to be written.
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
