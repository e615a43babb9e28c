// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Reads the activities of sessions whose list entry changed, one session after the other and never at the expense of polling.
actor ActivityQueue {
    private let reader: ActivityReader
    private let logger: Logger
    private let alarm = Alarm()
    private var order: [String] = []
    private var tries: [String: Int] = [:]

    /// How often a session's reading is tried before its next change has to bring it back.
    static let tries = 5

    init(reader: ActivityReader, logger: Logger) {
        self.reader = reader
        self.logger = logger
    }

    /// Has the activities of these sessions read soon.
    nonisolated func add(_ sessions: Set<String>) {
        guard !sessions.isEmpty else { return }
        Task { await enqueue(sessions) }
    }

    private func enqueue(_ sessions: Set<String>) {
        for id in sessions.sorted() where tries.updateValue(0, forKey: id) == nil { order.append(id) }
        alarm.ring()
    }

    /// Works until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            guard !order.isEmpty else {
                _ = await alarm.sleep(.seconds(3600))
                continue
            }
            let id = order.removeFirst()
            let attempt = (tries[id] ?? 0) + 1
            tries[id] = nil
            do {
                try await reader.read(id, for: .background, overlapping: attempt > 1)
            } catch let error as UpstreamError {
                await postpone(id, attempt: attempt, error)
            } catch {
                logger.event(
                    .storageTrouble, level: .error, "activities cannot be stored: \(error)",
                    metadata: ["sessionId": "\(id)"])
            }
        }
    }

    private func postpone(_ id: String, attempt: Int, _ error: UpstreamError) async {
        // Just after its creation a session's activities are not found for a few seconds.
        guard error.isTransient || error.isNotFound, attempt < Self.tries else {
            return logger.info("activities are not read: \(error)", metadata: ["sessionId": "\(id)"])
        }
        if tries.updateValue(attempt, forKey: id) == nil { order.append(id) }
        if order.count == 1 { _ = await alarm.sleep(.seconds(1 << attempt)) }
    }
}
