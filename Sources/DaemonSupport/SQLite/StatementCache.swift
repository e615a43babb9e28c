// SPDX-License-Identifier: Apache-2.0

/// Prepared statements that are not in use, by their SQL text. If there are too many, the least recently used one is
/// finalized.
///
/// A statement in use is not in the cache. So a query that runs inside the rows of another query with the same text
/// gets its own statement.
struct StatementCache {
    private struct Entry {
        let statement: SQLiteStatement
        let lastUse: Int
    }

    private let capacity: Int
    private var idle: [String: Entry] = [:]
    private var uses = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    var count: Int { idle.count }

    mutating func take(_ sql: String) -> SQLiteStatement? {
        idle.removeValue(forKey: sql)?.statement
    }

    mutating func put(_ statement: SQLiteStatement) {
        uses += 1
        idle.updateValue(Entry(statement: statement, lastUse: uses), forKey: statement.sql)?.statement.finalize()
        if idle.count > capacity, let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            idle.removeValue(forKey: oldest.key)?.statement.finalize()
        }
    }

    mutating func removeAll() {
        for entry in idle.values { entry.statement.finalize() }
        idle.removeAll()
    }
}
