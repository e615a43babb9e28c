// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Reads the newest page of the list again and again, with or without clients.
///
/// Longer work has loops of its own, so that a poll waits only for the page and the store: `DirectReads`, `ActivityQueue`,
/// `FollowedReads`, `AccountReader`.
struct Poller: Sendable {
    let list: SessionList
    let recorder: SessionRecorder
    let direct: DirectReads
    let activities: ActivityQueue
    let unreadable: UnreadableSessions
    let followed: @Sendable () -> Set<String>
    let interval: @Sendable () -> Duration
    /// The slowest poll.
    let ceiling: Duration
    /// Ends the pause early when somebody did something.
    let signal: WakeSignal
    /// Records each read of the newest sessions.
    let reading: LastReading
    /// Called if sessions may have been missed, which only the whole list shows.
    let missed: @Sendable () -> Void
    /// Called before each step with the longest time that it may take. Until then the watchdog waits, and no longer.
    let alive: @Sendable (Duration) -> Void
    let logger: Logger

    /// How many pages a poll reads at most. If there is more news, the whole account is read.
    static let mostPages = 5

    /// What a poll has found. It still holds if the next page is the same and nothing has been written.
    private struct Findings {
        /// The page. The store has the text of each session on it.
        let list: JSONList
        let ids: [String]
        let writes: Int
        let candidates: DirectReads.Candidates
    }

    /// Runs until the task is cancelled.
    func run() async {
        var findings: Findings?
        var cadence = PollCadence(base: interval(), ceiling: ceiling)
        while !Task.isCancelled {
            cadence.base = interval()
            let began = Duration.monotonic
            let outcome = await poll(&findings)
            if case .answered = outcome, cadence.noteAnswer(at: began) { missed() }
            let pause = cadence.pause(after: outcome, took: .monotonic - began)
            await rest(pause, since: began, &cadence)
        }
    }

    /// Pauses. An action of somebody ends the pause early, but polls are never more frequent than POLL_INTERVAL.
    private func rest(_ pause: Duration, since began: Duration, _ cadence: inout PollCadence) async {
        alive(pause)
        guard await signal.sleep(pause) else { return }
        cadence.quicken()
        let left = began + cadence.fastest - .monotonic
        if left > .zero { try? await Task.sleep(for: left) }
    }

    private func poll(_ findings: inout Findings?) async -> PollCadence.Outcome {
        do {
            alive(PollCadence.patience + list.longestPage)
            let asked = Duration.monotonic
            let page = try await list.page(for: .poll, patience: PollCadence.patience)
            alive(.zero)
            if let findings, followed().isEmpty, findings.writes == recorder.store.writes,
                findings.list.isCut(from: page.list.text)
            {
                recorder.confirm(findings.ids, asked: page.asked)
                reading.note(askedAt: asked)
                direct.offer(findings.candidates)
                return .answered(active: !findings.candidates.active.isEmpty, changed: false)
            }
            let writes = recorder.store.writes
            let listed = try await record(page)
            let followed = followed()
            var (changed, shown) = (listed.changed, Set(listed.ids))
            let last = try await readOn(from: page, listed.ids, &changed, &shown)
            reading.note(askedAt: asked)
            let active = try await recorder.store.activeSessionIDs()
            // A client may follow a session that does not exist. Such a session is not requested.
            let read = active.union(try await recorder.store.sessionIDs(among: followed))
            let candidates = DirectReads.Candidates(
                active: read, shown: shown, missing: try await missing(beyond: last, shown))
            direct.offer(candidates)
            let isComplete = followed.isEmpty && listed.overtaken == 0
            findings =
                isComplete
                ? Findings(list: page.list, ids: listed.ids, writes: writes, candidates: candidates) : nil
            return .answered(active: !active.isEmpty || !followed.isEmpty, changed: !changed.isEmpty)
        } catch let error as UpstreamError {
            return .failed(error)
        } catch is any StorageError {
            // The store has reported its error, once. What is not stored differs from the next page too.
            return .unstored
        } catch {
            logger.event(.storageTrouble, level: .error, "what the API answered cannot be stored: \(error)")
            return .unstored
        }
    }

    /// Reads further pages while a page brings only news, because then its earlier sessions have moved to the next page.
    /// Returns the last page.
    private func readOn(
        from page: SessionList.Page, _ ids: [String], _ changed: inout Set<String>, _ shown: inout Set<String>
    ) async throws -> SessionList.Page {
        var (page, ids) = (page, ids)
        for number in 2... {
            guard ids.allSatisfy(changed.contains), let token = page.list.nextPageToken else { return page }
            guard number <= Self.mostPages else { break }
            do throws(UpstreamError) {
                alive(PollCadence.patience + list.longestPage)
                page = try await list.page(token, for: .background, patience: PollCadence.patience)
            } catch {
                logger.debug("the next page is not read: \(error)")
                break
            }
            alive(.zero)
            let listed = try await record(page)
            ids = listed.ids
            changed.formUnion(listed.changed)
            shown.formUnion(ids)
        }
        missed()
        return page
    }

    private func record(_ page: SessionList.Page) async throws -> SessionStore.ListedSessions {
        let listed = try await recorder.record(page)
        unreadable.forget(listed.changed)
        activities.add(listed.changed)
        return listed
    }

    /// Sessions that are young enough to have been shown but were not: they were deleted, or archived if the API hides those.
    private func missing(beyond last: SessionList.Page, _ shown: Set<String>) async throws -> Set<String> {
        let oldest = last.list.nextPageToken == nil ? nil : last.last?.createTime
        let expected = try await recorder.store.sessionIDs(createdAfter: oldest, includingArchived: false)
        return expected.subtracting(shown)
    }
}
