// SPDX-License-Identifier: Apache-2.0

/// Records that wait to be written, in their order, and the count of those that found no room.
struct LogBacklog<Record: Sendable>: Sendable {
    /// What is written next: the records, then word of those that were dropped behind them.
    struct Batch: Sendable {
        var records: [Record] = []
        var dropped: UInt64 = 0

        var isEmpty: Bool { records.isEmpty && dropped == 0 }
    }

    /// How many records may wait.
    let mostRecords: Int
    /// How many bytes may wait.
    let mostBytes: Int
    private var waiting = Batch()
    private var bytes = 0
    /// How many records have been dropped so far.
    private(set) var droppedCount: UInt64 = 0

    init(mostRecords: Int = 4096, mostBytes: Int = 1 << 20) {
        self.mostRecords = mostRecords
        self.mostBytes = mostBytes
    }

    /// Adds a record of so many bytes, or drops it if there is no room. One record is always taken, whatever its size.
    mutating func add(_ record: Record, size: Int) {
        // A record behind dropped ones would stand before the word of them.
        let hasRoom = waiting.records.isEmpty || waiting.records.count < mostRecords && bytes + size <= mostBytes
        guard hasRoom, waiting.dropped == 0 else {
            waiting.dropped += 1
            droppedCount += 1
            return
        }
        waiting.records.append(record)
        bytes += size
    }

    /// Takes all that waits.
    mutating func take() -> Batch {
        defer {
            waiting = Batch()
            bytes = 0
        }
        return waiting
    }
}
