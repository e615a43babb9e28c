// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The requests to the API, for tests and scripts: counts of all requests, and the last requests themselves.
struct RequestLog: Sendable {
    struct Entry: Sendable, Equatable {
        var at: Timestamp
        var operation: String
        var method: String
        /// The path and the query, without the key.
        var target: String
        var status: Int
    }

    static let capacity = 1000

    private(set) var total = 0
    private(set) var counts: [String: Int] = [:]
    private var ring: [Entry] = []

    /// The last requests, oldest first.
    var recent: [Entry] { Array(ring.suffix(Self.capacity)) }

    /// The last request.
    var last: Entry? { ring.last }

    mutating func record(_ entry: Entry) {
        total += 1
        counts[entry.operation, default: 0] += 1
        ring.append(entry)
        if ring.count >= 2 * Self.capacity { ring.removeFirst(Self.capacity) }
    }

    /// Removes all requests and counts.
    mutating func clear() { self = RequestLog() }
}
