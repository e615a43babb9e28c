// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Keeps our copy of the account fresh by asking again and again, with or without clients; runs until its task is cancelled.
///
/// At every beat it reads the newest page, then directly the active sessions that this page does not show, those that it
/// should show but does not, and the activities that clients follow. Beside it the whole account is read once an hour,
/// further activities as they fall due, and sessions that have fallen silent are told of.
struct Poller: Sendable {
    let list: SessionList
    let recorder: SessionRecorder
    let direct: DirectReader
    let walk: AccountWalk
    /// The time between two readings of the whole account.
    var walkInterval = Duration.seconds(3600)
    /// The slowest poll.
    var ceiling = Duration.seconds(60)
    let activities: ActivityQueue
    let reader: ActivityReader
    let stalls: StallWatch
    /// The sessions whose activities clients follow one by one.
    let followed: @Sendable () -> Set<String>
    /// Cuts the pause short when somebody did something.
    let alarm: Alarm
    let interval: @Sendable () -> Duration
    /// Told at each step, so that a watchdog sees the poller alive.
    let beat: @Sendable () -> Void
    let logger: Logger

    /// Sessions read directly at one beat, at most.
    static let directReads = 10

    func run() async {
        await keepTrying { try await walk.readBaseline(beat: beat) }
        await withDiscardingTaskGroup { group in
            group.addTask { await pollForever() }
            group.addTask { await activities.run() }
            group.addTask { await walkForever() }
            group.addTask { await stalls.run() }
        }
    }

    private func pollForever() async {
        var cadence = PollCadence(base: interval(), ceiling: ceiling)
        var turns = DirectReadTurns()
        while !Task.isCancelled {
            cadence.base = interval()
            let began = Duration.monotonic
            let outcome = await poll(&turns)
            var pause = cadence.pause(after: outcome)
            // Polls keep their beat: what this one took is part of the pause.
            if case .answered = outcome { pause = max(pause - (.monotonic - began), cadence.base / 2) }
            // A long pause is taken in pieces, each of which shows the watchdog that the poller is alive.
            while pause > .zero, !Task.isCancelled {
                beat()
                let piece = min(pause, PollCadence.beat)
                if await alarm.sleep(piece) {
                    cadence.quicken()
                    break
                }
                pause -= piece
            }
        }
    }

    private func poll(_ turns: inout DirectReadTurns) async -> PollCadence.Outcome {
        do {
            let page = try await list.page(for: .poll, patience: PollCadence.beat)
            beat()
            let changed = try await recorder.record(page)
            activities.add(changed)
            let active = try await recorder.log.activeSessionIDs()
            let turn = turns.next(
                active: active, shown: Set(page.sessions.map(\.id)), missing: try await missing(from: page),
                limit: min(Self.directReads, await list.gate.remaining(for: .background)), at: .monotonic)
            let followed = followed()
            try await withThrowingTaskGroup { group in
                for id in turn { group.addTask { try await read(id) } }
                for id in followed { group.addTask { try await readFollowed(id) } }
                try await group.waitForAll()
            }
            return .answered(active: !active.isEmpty || !followed.isEmpty, changed: !changed.isEmpty)
        } catch let error as UpstreamError {
            return .failed(error)
        } catch is SQLiteError {
            // The log has told of it, once; what is not stored differs from the next page too.
            return .answered(active: true, changed: false)
        } catch {
            logger.event(.storageTrouble, level: .error, "what the API answered cannot be stored: \(error)")
            return .answered(active: true, changed: false)
        }
    }

    private func readFollowed(_ id: String) async throws {
        do {
            try await reader.read(id, for: .poll, patience: PollCadence.beat)
        } catch let error as UpstreamError {
            // It may be too young to have activities, or no session at all: a client may follow what it likes.
            logger.debug("activities are not read: \(error)", metadata: ["sessionId": "\(id)"])
        }
    }

    /// Reads one session. Where that fails the list has still been read: its turn comes again, and nobody waits for it.
    private func read(_ id: String) async throws {
        do {
            try await direct.read(id, for: .background, patience: PollCadence.beat)
        } catch let error as UpstreamError {
            logger.debug("a session is not read: \(error)", metadata: ["sessionId": "\(id)"])
        }
    }

    /// Sessions that are young enough to be on the page but are not: deleted, or archived where the API hides those.
    private func missing(from page: SessionList.Page) async throws -> Set<String> {
        let oldest = page.nextPageToken == nil ? nil : page.sessions.last?.createTime
        let expected = try await recorder.log.sessionIDs(createdAfter: oldest, includingArchived: false)
        return expected.subtracting(page.sessions.map(\.id))
    }

    private func walkForever() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: walkInterval) } catch { return }
            await keepTrying { try await walk.readAgain() }
        }
    }

    /// Repeats `step` until it succeeds or the task is cancelled.
    private func keepTrying(_ step: () async throws -> Void) async {
        while !Task.isCancelled {
            do { return try await step() } catch is CancellationError { return } catch {
                if !(error is SQLiteError) {
                    logger.event(.storageTrouble, level: .error, "the account cannot be read: \(error)")
                }
                beat()
                _ = await alarm.sleep(.seconds(10))
            }
        }
    }
}

/// Chooses which sessions to read directly at one beat. Reads no clock and makes no calls.
struct DirectReadTurns {
    /// A session that the list should show and does not is asked for no more often than this.
    static let missingInterval = Duration.seconds(60)

    private var last: [String: Duration] = [:]

    /// Missing sessions first, then active ones beyond the page, the one not read for longest first.
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
