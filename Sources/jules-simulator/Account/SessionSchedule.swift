// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import HeapModule

/// The time at which each session is due, earliest first. Entries with equal times keep the order in which they were added.
struct SessionSchedule: Sendable {
    private struct Entry: Comparable {
        var at: Timestamp
        var sequence: UInt64
        var id: String

        static func < (left: Entry, right: Entry) -> Bool {
            (left.at, left.sequence) < (right.at, right.sequence)
        }
    }

    private var entries = Heap<Entry>()
    private var sequence: UInt64 = 0

    mutating func add(_ id: String, at instant: Timestamp) {
        sequence += 1
        entries.insert(Entry(at: instant, sequence: sequence, id: id))
    }

    /// The time of the next entry.
    var next: Timestamp? { entries.min?.at }

    /// Removes and returns the next entry.
    mutating func removeNext() -> (id: String, at: Timestamp)? { entries.popMin().map { ($0.id, $0.at) } }
}
