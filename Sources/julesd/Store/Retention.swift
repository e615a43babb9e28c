// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Removes history older than RETENTION_DAYS, once an hour, in small steps so that no other writer waits long.
///
/// At most a tenth of the history is removed in an hour, so that a person can notice a wrong clock or a wrong number in time.
final class Retention: Sendable {
    private let store: SessionStore
    private let days: Mutex<Int>
    private let logger: Logger

    static let interval = Duration.seconds(3600)
    /// The pause between two steps, in which others can write.
    static let breath = Duration.milliseconds(20)

    init(store: SessionStore, days: Int, logger: Logger) {
        self.store = store
        self.days = Mutex(days)
        self.logger = logger
    }

    /// Uses this number of days from the next round on.
    func apply(days: Int) { self.days.withLock { $0 = days } }

    /// History older than this is removed.
    static func cutoff(days: Int, at now: Timestamp) -> Timestamp { now.advanced(by: .seconds(-86_400 * days)) }

    /// A round may take this many steps, even if there is little history.
    static let fewestSteps: Int64 = 50

    /// Removes what is due now.
    func round() async throws {
        let (time, isDoubted) = try await store.retentionTime()
        if isDoubted {
            logger.warning(
                "the clock has jumped ahead; history is removed as if it were \(time.rfc3339) until the clock has stayed ahead for a day"
            )
        }
        let cutoff = Self.cutoff(days: days.withLock { $0 }, at: time)
        var steps = max(Self.fewestSteps, try await store.historyCount() / (10 * SessionStore.pruneBatch))
        while steps > 0, try await store.pruneStep(before: cutoff) {
            steps -= 1
            try await Task.sleep(for: Self.breath)
        }
    }

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await round()
                try await Task.sleep(for: Self.interval)
            } catch is CancellationError {
                return
            } catch is any StorageError {
                // The store has reported its error already.
                try? await Task.sleep(for: Self.interval)
            } catch {
                logger.event(.storageTrouble, level: .error, "old history cannot be removed: \(error)")
                try? await Task.sleep(for: Self.interval)
            }
        }
    }
}

extension SessionStore {
    /// How many rows one step of pruning removes: so few that no commit waits noticeably for it.
    static let pruneBatch: Int64 = 200

    /// The approximate number of deltas or activities, whichever is larger. Numbers of removed rows in between count too.
    func historyCount() async throws -> Int64 {
        try await read { connection in
            try ["delta", "activity"].map { table in
                let key = table == "delta" ? "seq" : "number"
                return try connection.first("SELECT max(\(key)) - min(\(key)) FROM \(table)") { $0.intOrNil(0) ?? 0 }
                    ?? 0
            }.max() ?? 0
        }
    }

    /// Removes one batch of deltas, activities, and ended deliveries, decisions and entries of the queue that are older than
    /// `cutoff`.
    ///
    /// Sessions are kept, and so is the body of every pending delivery.
    ///
    /// - Returns: whether there may be more.
    func pruneStep(before cutoff: Timestamp) async throws -> Bool {
        try await write { connection in
            var removed = try connection.pruneDeliveries(before: cutoff, limit: Self.pruneBatch)
            removed += try connection.pruneDecisions(before: cutoff, limit: Self.pruneBatch)
            // The oldest rows have the lowest numbers, so the scan ends at the first row that is not old enough.
            let last = try connection.first(
                "SELECT max(seq) FROM (SELECT seq, at FROM delta ORDER BY seq LIMIT ?) AS oldest WHERE at < ?",
                [.integer(Self.pruneBatch), .integer(cutoff.nanoseconds)]
            ) { $0.isNull(0) ? nil : $0.int(0) }
            if let last = last ?? nil {
                try connection.keepBodies(ofDeliveriesUpTo: last)
                try connection.run("DELETE FROM delta WHERE seq <= ?", .integer(last))
                removed += connection.changes
            }
            removed += try connection.pruneActivities(before: cutoff, limit: Self.pruneBatch)
            removed += try connection.pruneQueue(before: cutoff, limit: Self.pruneBatch)
            return removed > 0
        }
    }

    /// Returns unused space to the file system. Nobody else can write meanwhile.
    func vacuum() async throws {
        try await writer.with { [health] connection in
            try health.reading(connection) { try connection.execute("VACUUM") }
        }
    }
}
