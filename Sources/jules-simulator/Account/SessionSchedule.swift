// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// When each session is due: a binary heap, earliest first. Equal times keep the order in which they were added.
struct SessionSchedule: Sendable {
    private struct Entry {
        var at: Timestamp
        var sequence: UInt64
        var id: String

        static func < (left: Entry, right: Entry) -> Bool {
            (left.at, left.sequence) < (right.at, right.sequence)
        }
    }

    private var entries: [Entry] = []
    private var sequence: UInt64 = 0

    mutating func add(_ id: String, at instant: Timestamp) {
        sequence += 1
        entries.append(Entry(at: instant, sequence: sequence, id: id))
        var child = entries.count - 1
        while child > 0, entries[child] < entries[(child - 1) / 2] {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The time of the next entry.
    var next: Timestamp? { entries.first?.at }

    /// Removes and returns the next entry.
    mutating func removeNext() -> (id: String, at: Timestamp)? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return (first.id, first.at) }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if entries[child] < entries[least] { least = child }
            }
            if least == parent { return (first.id, first.at) }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
