// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Reads the activities of the sessions that clients follow one by one: each every POLL_INTERVAL if the budget allows it, else as
/// often as it does, in turns.
struct FollowedReads: Sendable {
    let reader: ActivityReader
    /// Told of each reading, so that a client that asks for the same activities is answered from our copy.
    let recent: ReadCache<String, Void>
    let followed: @Sendable () -> Set<String>
    let interval: @Sendable () -> Duration
    /// Given when a client begins to follow a session.
    let signal: WakeSignal
    let logger: Logger

    /// Works until the task is cancelled.
    func run() async {
        var turns = FollowedTurns()
        while !Task.isCancelled {
            let followed = followed()
            let affordable = reader.requests.gate.sustainableInterval(of: followed.count)
            let pace = max(min(interval(), .seconds(60)), affordable)
            let due = turns.next(followed, every: pace, at: .monotonic)
            guard !due.isEmpty else {
                _ = await signal.sleep(turns.pause(every: pace, at: .monotonic))
                continue
            }
            await withDiscardingTaskGroup { group in
                for id in due { group.addTask { await read(id) } }
            }
        }
    }

    private func read(_ id: String) async {
        do {
            // It may be no session at all: a client may follow what it likes.
            try await recent.value(for: id, age: .zero) { [reader] in
                try await reader.readUnlessYoung(id, for: .followed)
            }
        } catch let error as UpstreamError {
            logger.debug("activities are not read: \(error)", metadata: ["sessionId": "\(id)"])
        } catch {
            // The log has told of what is wrong with the store.
        }
    }
}

/// Chooses which followed sessions to read next. Reads no clock and makes no calls.
struct FollowedTurns {
    /// Sessions read at the same time.
    static let atOnce = 3

    private var last: [String: Duration] = [:]

    /// The sessions whose reading is due, the one that has waited longest first.
    mutating func next(_ followed: Set<String>, every interval: Duration, at now: Duration) -> [String] {
        last = last.filter { followed.contains($0.key) }
        let due = followed.map { (last[$0] ?? now - interval, $0) }.filter { now - $0.0 >= interval }.sorted(by: <)
        let turn = due.prefix(Self.atOnce).map(\.1)
        for id in turn { last[id] = now }
        return turn
    }

    /// How long it is until the next reading is due.
    func pause(every interval: Duration, at now: Duration) -> Duration {
        max((last.values.min() ?? now) + interval - now, .milliseconds(1))
    }
}
