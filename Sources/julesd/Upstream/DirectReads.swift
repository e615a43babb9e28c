// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Reads sessions directly after each poll: active ones that the newest page does not show, and sessions that it should show
/// but does not. The next poll does not wait for this.
final class DirectReads: Sendable {
    /// The sessions that a poll leaves to be read.
    struct Candidates: Sendable {
        var active: Set<String>
        var shown: Set<String>
        var missing: Set<String>
    }

    /// How many sessions are read after one poll at most.
    static let most = 10

    private let direct: DirectReader
    private let unreadable: UnreadableSessions
    private let newest = Mutex<Candidates?>(nil)
    private let offered = WakeSignal()

    init(direct: DirectReader, unreadable: UnreadableSessions) {
        self.direct = direct
        self.unreadable = unreadable
    }

    /// Takes the candidates of the newest poll, and drops those of an earlier one.
    func offer(_ candidates: Candidates) {
        newest.withLock { $0 = candidates }
        offered.wake()
    }

    /// Runs until the task is cancelled.
    func run() async {
        var turns = DirectReadSchedule()
        while !Task.isCancelled {
            guard let candidates = newest.withLock({ $0.take() }) else {
                _ = await offered.sleep(.seconds(3600))
                continue
            }
            let turn = turns.next(
                active: unreadable.without(candidates.active), shown: candidates.shown,
                missing: unreadable.without(candidates.missing),
                limit: min(Self.most, direct.requests.gate.remaining(for: .background)), at: .monotonic)
            await withDiscardingTaskGroup { group in
                for id in turn { group.addTask { [self] in await read(id) } }
            }
        }
    }

    private func read(_ id: String) async {
        do {
            try await direct.read(id, for: .background, patience: PollCadence.patience)
            unreadable.noteSuccess(id)
        } catch let error as UpstreamError {
            unreadable.noteFailure(id, error)
        } catch {
            // The store has already reported its error.
        }
    }
}

/// Decides which sessions to read directly after a poll. Reads no clock and makes no calls.
struct DirectReadSchedule {
    /// A session that the list should show and does not is read directly at most this often.
    static let missingInterval = Duration.seconds(60)

    private var last: [String: Duration] = [:]

    /// The missing sessions that are due, then the active ones beyond the page that have waited longest.
    mutating func next(
        active: Set<String>, shown: Set<String>, missing: Set<String>, limit: Int, at now: Duration
    ) -> [String] {
        let due = missing.filter { id in last[id].map { now - $0 >= Self.missingInterval } ?? true }
        let oldestFirst = { [last] (a: String, b: String) in
            (last[a] ?? .zero - .seconds(1), a) < (last[b] ?? .zero - .seconds(1), b)
        }
        let beyond = active.subtracting(shown).subtracting(missing)
        let turn = Array((due.sorted(by: oldestFirst) + beyond.sorted(by: oldestFirst)).prefix(limit))
        last = last.filter { active.contains($0.key) || missing.contains($0.key) }
        for id in turn { last[id] = now }
        return turn
    }
}
