// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Reads the activities of sessions whose list entry changed, one session after the other and never at the expense of polling.
actor ActivityQueue {
    private let reader: ActivityReader
    private let logger: Logger
    private let unreadable: UnreadableSessions
    private let signal = WakeSignal()
    private var order: [String] = []
    private var tries: [String: Int] = [:]

    /// Left to a store that fails before it is tried again.
    static let storagePause = Duration.seconds(1)

    private let retry: Duration
    /// How long everybody waits while the API does not serve.
    private var cadence: PollCadence

    /// - Parameter retry: the first pause after a failure; it doubles from there.
    init(reader: ActivityReader, unreadable: UnreadableSessions, retry: Duration = .seconds(1), logger: Logger) {
        self.reader = reader
        self.unreadable = unreadable
        self.retry = retry
        self.logger = logger
        cadence = PollCadence(base: retry)
    }

    /// Has the activities of these sessions read soon.
    nonisolated func add(_ sessions: Set<String>) {
        guard !sessions.isEmpty else { return }
        Task { await enqueue(sessions) }
    }

    private func enqueue(_ sessions: Set<String>, attempt: Int = 0) {
        for id in sessions.sorted() where tries.updateValue(attempt, forKey: id) == nil { order.append(id) }
        signal.wake()
    }

    /// Works until the task is cancelled. It begins with what an earlier run of the daemon has left unread.
    func run() async {
        await takeUnread()
        while !Task.isCancelled {
            guard !order.isEmpty else {
                _ = await signal.sleep(.seconds(3600))
                continue
            }
            let id = order.removeFirst()
            let attempt = (tries[id] ?? 0) + 1
            tries[id] = nil
            do {
                try await reader.read(id, for: .background, attempt: attempt)
                cadence = PollCadence(base: retry)
            } catch let error as UpstreamError {
                await postpone(id, attempt: attempt, error)
            } catch is SQLiteError {
                // The log has told of it. The session comes back, or the plan that it waits for would never be seen.
                if tries.updateValue(attempt - 1, forKey: id) == nil { order.append(id) }
                _ = await signal.sleep(Self.storagePause)
            } catch {
                logger.event(
                    .storageTrouble, level: .error, "activities cannot be stored: \(error)",
                    metadata: ["sessionId": "\(id)"])
            }
        }
    }

    private func takeUnread() async {
        while !Task.isCancelled {
            do {
                // A session that has just changed may be in the queue already.
                for id in try await reader.store.sessionsWithUnreadActivities()
                where tries.updateValue(0, forKey: id) == nil { order.append(id) }
                return
            } catch is SQLiteError {
                // The log has told of it.
            } catch {
                logger.event(.storageTrouble, level: .error, "the sessions to be read cannot be listed: \(error)")
            }
            try? await Task.sleep(for: Self.storagePause)
        }
    }

    private func postpone(_ id: String, attempt: Int, _ error: UpstreamError) async {
        // A session that cannot be read must not be asked for without end; if nobody is served, nobody's tries count.
        let isOwn = unreadable.isOwnFailure(error)
        guard !isOwn || attempt < UnreadableSessions.tries else {
            // Just after its creation a session's activities are not found for a few seconds: its next change brings it back.
            return error.isNotFound ? () : unreadable.tell(id, error)
        }
        if isOwn {
            // It comes back by itself, and keeps nobody from the others.
            let pause = retry * (1 << (attempt - 1))
            Task {
                try? await Task.sleep(for: pause)
                enqueue([id], attempt: attempt)
            }
            return
        }
        if tries.updateValue(min(attempt, UnreadableSessions.tries - 1), forKey: id) == nil { order.append(id) }
        _ = await signal.sleep(cadence.pause(after: .failed(error)))
    }
}
