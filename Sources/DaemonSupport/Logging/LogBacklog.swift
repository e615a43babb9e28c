// SPDX-License-Identifier: Apache-2.0

/// The records that wait to be written, in order, and the number of those that were dropped.
struct LogBacklog<Record: Sendable>: Sendable {
    /// What is written next: first the records, then a notice of how many later ones were dropped.
    struct Batch: Sendable {
        var records: [Record] = []
        var dropped: UInt64 = 0

        var isEmpty: Bool { records.isEmpty && dropped == 0 }
    }

    /// The largest number of waiting records.
    let mostRecords: Int
    /// The largest number of waiting bytes.
    let mostBytes: Int
    private var waiting = Batch()
    private var bytes = 0
    /// The number of records dropped so far.
    private(set) var droppedCount: UInt64 = 0

    init(mostRecords: Int = 4096, mostBytes: Int = 1 << 20) {
        self.mostRecords = mostRecords
        self.mostBytes = mostBytes
    }

    /// Adds a record of `size` bytes, or drops it if there is no room. If no record waits, it is added whatever its
    /// size.
    mutating func add(_ record: Record, size: Int) {
        // After a dropped record all further ones are dropped too, so that the notice keeps its place in the order.
        let hasRoom = waiting.records.isEmpty || waiting.records.count < mostRecords && bytes + size <= mostBytes
        guard hasRoom, waiting.dropped == 0 else {
            waiting.dropped += 1
            droppedCount += 1
            return
        }
        waiting.records.append(record)
        bytes += size
    }

    /// Takes everything that waits.
    mutating func take() -> Batch {
        defer {
            waiting = Batch()
            bytes = 0
        }
        return waiting
    }
}
