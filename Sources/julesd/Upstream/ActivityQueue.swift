// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Reads the activities of sessions whose list entry has changed, one session after the other. It never delays polling.
actor ActivityQueue {
    private let reader: ActivityReader
    private let logger: Logger
    private let unreadable: UnreadableSessions
    private let signal = WakeSignal()
    private var order: [String] = []
    private var tries: [String: Int] = [:]

    /// How long to wait after the store has failed.
    static let storagePause = Duration.seconds(1)

    private let retry: Duration
    /// The pause for all sessions while the API does not serve.
    private var cadence: PollCadence

    /// - Parameter retry: the first pause after a failure. It doubles with each further one.
    init(reader: ActivityReader, unreadable: UnreadableSessions, retry: Duration = .seconds(1), logger: Logger) {
        self.reader = reader
        self.unreadable = unreadable
        self.retry = retry
        self.logger = logger
        cadence = PollCadence(base: retry)
    }

    /// Adds sessions whose activities are to be read soon.
    nonisolated func add(_ sessions: Set<String>) {
        guard !sessions.isEmpty else { return }
        Task { await enqueue(sessions) }
    }

    private func enqueue(_ sessions: Set<String>, attempt: Int = 0) {
        for id in sessions.sorted() where tries.updateValue(attempt, forKey: id) == nil { order.append(id) }
        signal.wake()
    }

    /// Runs until the task is cancelled. It begins with the sessions that an earlier run left unread.
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
            } catch is any StorageError {
                // The store has reported its error. The session stays in the queue, or its plan would never be seen.
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
            } catch is any StorageError {
                // The store has reported its error.
            } catch {
                logger.event(.storageTrouble, level: .error, "the sessions to be read cannot be listed: \(error)")
            }
            try? await Task.sleep(for: Self.storagePause)
        }
    }

    private func postpone(_ id: String, attempt: Int, _ error: UpstreamError) async {
        // A session that cannot be read must not be tried for ever. If the API serves nobody, attempts do not count.
        let isOwn = unreadable.isOwnFailure(error)
        guard !isOwn || attempt < UnreadableSessions.tries else {
            // The API answers 404 for a session's activities for a few seconds after its creation. The session's next change
            // adds it again.
            return error.isNotFound ? () : unreadable.tell(id, error)
        }
        if isOwn {
            // It is added again by itself, and the other sessions do not wait for it.
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
