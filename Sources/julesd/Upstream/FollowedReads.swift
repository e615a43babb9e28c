// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Reads the activities of sessions that clients follow by id: each every POLL_INTERVAL if the budget allows it, else as
/// often as it allows, in turns.
struct FollowedReads: Sendable {
    let reader: ActivityReader
    /// Records each read, so that a client that asks for the same activities gets them from our copy.
    let recent: ReadCache<String, Void>
    let followed: @Sendable () -> Set<String>
    let interval: @Sendable () -> Duration
    /// Woken when a client begins to follow a session.
    let signal: WakeSignal
    let logger: Logger

    /// Runs until the task is cancelled.
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
            // There may be no such session: a client may follow any id.
            try await recent.value(for: id, age: .zero) { [reader] in
                try await reader.readUnlessYoung(id, for: .followed)
            }
        } catch let error as UpstreamError {
            logger.debug("activities are not read: \(error)", metadata: ["sessionId": "\(id)"])
        } catch {
            // The store has already reported its error.
        }
    }
}

/// Decides which followed sessions to read next. Reads no clock and makes no calls.
struct FollowedTurns {
    /// How many sessions are read at once.
    static let atOnce = 3

    private var last: [String: Duration] = [:]

    /// The sessions whose read is due, the one that has waited longest first.
    mutating func next(_ followed: Set<String>, every interval: Duration, at now: Duration) -> [String] {
        last = last.filter { followed.contains($0.key) }
        let due = followed.map { (last[$0] ?? now - interval, $0) }.filter { now - $0.0 >= interval }.sorted(by: <)
        let turn = due.prefix(Self.atOnce).map(\.1)
        for id in turn { last[id] = now }
        return turn
    }

    /// The time until the next read is due.
    func pause(every interval: Duration, at now: Duration) -> Duration {
        max((last.values.min() ?? now) + interval - now, .milliseconds(1))
    }
}
