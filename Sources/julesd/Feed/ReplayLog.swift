// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// Reads the log for clients that come back.
///
/// A run of deltas is read and encoded once for all clients that are at the same place, as after a restart. The last runs are kept
/// while a client waits for the reader.
final class ReplayLog: Sendable {
    private struct State {
        var waiting = 0
        var runs: [BroadcastMessage] = []
    }

    /// The bytes of the log in one message at most; a single larger delta is a message of its own. A client that does not read its
    /// replay keeps one message in memory. With its frame it fits into a buffer of 64 KiB.
    static let runBytes: Int64 = 60_000
    /// The number of runs that are kept.
    private static let mostRuns = 16

    private let store: SessionStore
    private let state = Mutex(State())

    init(store: SessionStore) {
        self.store = store
    }

    /// The next messages for a client that has seen everything up to `since` in `epoch`.
    ///
    /// - Throws: `CancellationError` if another epoch has begun in the store and this instance has noticed it only now. What the client was
    ///   told of the epoch does not hold then; its connection ends, as all others do.
    func page(after since: Int64, epoch: String?) async throws -> ReplayPage {
        state.withLock { $0.waiting += 1 }
        defer { leave() }
        // The reader's thread serves one client after the other, so the second client finds the run that the first one has read.
        let page: ReplayPage? = try await store.readAtOnce { [self, store] connection in
            let known = store.head
            let head = try connection.logHead() ?? known
            guard head.epoch == known.epoch else { return nil }
            if let gap = try connection.gap(after: since, epoch: epoch, head: head) {
                // The client reads the sessions again, so the deltas that the log still has would only repeat them.
                return ReplayPage(
                    gap: .init(message: FeedMessage.gap(gap.lowerBound...head.seq), resumesAfter: head.seq))
            }
            return ReplayPage(messages: try run(after: since, connection).map { [$0] } ?? [])
        }
        if let page { return page }
        try await store.catchUp()
        throw CancellationError()
    }

    private func run(after since: Int64, _ connection: any SQLConnection) throws -> BroadcastMessage? {
        let known = state.withLock { $0.runs.first { $0.positions.lowerBound == since + 1 } }
        if let known { return known }
        guard let run = try connection.deltaRun(after: since, bytes: Self.runBytes) else { return nil }
        let message = BroadcastMessage(positions: run.positions, message: FeedMessage.update(run))
        state.withLock { state in
            if state.runs.count == Self.mostRuns { state.runs.removeFirst() }
            state.runs.append(message)
        }
        return message
    }

    private func leave() {
        state.withLock { state in
            state.waiting -= 1
            if state.waiting == 0 { state.runs = [] }
        }
    }
}
