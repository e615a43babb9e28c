// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Reads the newest page of the list again and again, with or without clients.
///
/// What takes longer has loops of its own, so that a poll waits for nothing but the page and the store: `DirectReads`,
/// `ActivityQueue`, `FollowedReads`, `AccountReader`.
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
    /// Cuts the pause short when somebody did something.
    let signal: WakeSignal
    /// Told of each reading of the newest sessions.
    let reading: LastReading
    /// Told if sessions may have been missed, which only the whole list shows.
    let missed: @Sendable () -> Void
    /// Told at each step how long the next one may take, so that a watchdog sees the poller alive until then and no longer.
    let alive: @Sendable (Duration) -> Void
    let logger: Logger

    /// Pages read at one poll, at most: who brings more news than that is read as a whole.
    static let mostPages = 5

    /// Works until the task is cancelled.
    func run() async {
        var cadence = PollCadence(base: interval(), ceiling: ceiling)
        while !Task.isCancelled {
            cadence.base = interval()
            let began = Duration.monotonic
            let outcome = await poll()
            if case .answered = outcome, cadence.noteAnswer(at: began) { missed() }
            let pause = cadence.pause(after: outcome, took: .monotonic - began)
            await rest(pause, since: began, &cadence)
        }
    }

    /// Pauses. Who does something ends the pause, but polls never come faster than POLL_INTERVAL.
    private func rest(_ pause: Duration, since began: Duration, _ cadence: inout PollCadence) async {
        alive(pause)
        guard await signal.sleep(pause) else { return }
        cadence.quicken()
        let left = began + cadence.fastest - .monotonic
        if left > .zero { try? await Task.sleep(for: left) }
    }

    private func poll() async -> PollCadence.Outcome {
        do {
            alive(PollCadence.patience + list.longestPage)
            let asked = Duration.monotonic
            let page = try await list.page(for: .poll, patience: PollCadence.patience)
            alive(.zero)
            var (changed, shown) = (try await record(page), Set(page.sessions.map(\.id)))
            let last = try await readOn(from: page, &changed, &shown)
            reading.note(askedAt: asked)
            let (active, followed) = (try await recorder.store.activeSessionIDs(), followed())
            // A client may follow what does not exist; nobody asks for that.
            let read = active.union(try await recorder.store.sessionIDs(among: followed))
            direct.offer(.init(active: read, shown: shown, missing: try await missing(beyond: last, shown)))
            return .answered(active: !active.isEmpty || !followed.isEmpty, changed: !changed.isEmpty)
        } catch let error as UpstreamError {
            return .failed(error)
        } catch is SQLiteError {
            // The log has told of it, once; what is not stored differs from the next page too.
            return .unstored
        } catch {
            logger.event(.storageTrouble, level: .error, "what the API answered cannot be stored: \(error)")
            return .unstored
        }
    }

    /// Reads on for as long as a page brings only news: what stood there before has moved to the next one. Answers the last page.
    private func readOn(
        from page: SessionList.Page, _ changed: inout Set<String>, _ shown: inout Set<String>
    ) async throws -> SessionList.Page {
        var page = page
        for number in 2... {
            guard page.sessions.allSatisfy({ changed.contains($0.id) }), let token = page.nextPageToken else {
                return page
            }
            guard number <= Self.mostPages else { break }
            do throws(UpstreamError) {
                alive(PollCadence.patience + list.longestPage)
                page = try await list.page(token, for: .background, patience: PollCadence.patience)
            } catch {
                logger.debug("the next page is not read: \(error)")
                break
            }
            alive(.zero)
            changed.formUnion(try await record(page))
            shown.formUnion(page.sessions.map(\.id))
        }
        missed()
        return page
    }

    private func record(_ page: SessionList.Page) async throws -> Set<String> {
        let changed = try await recorder.record(page)
        unreadable.forget(changed)
        activities.add(changed)
        return changed
    }

    /// Sessions that are young enough to have been shown but were not: deleted, or archived if the API hides those.
    private func missing(beyond last: SessionList.Page, _ shown: Set<String>) async throws -> Set<String> {
        let oldest = last.nextPageToken == nil ? nil : last.sessions.last?.createTime
        let expected = try await recorder.store.sessionIDs(createdAfter: oldest, includingArchived: false)
        return expected.subtracting(shown)
    }
}
