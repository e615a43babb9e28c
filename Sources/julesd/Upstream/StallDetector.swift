// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Reports sessions at work whose agent has been silent for too long.
struct StallDetector: Sendable {
    let store: SessionStore
    let direct: DirectReader
    let reader: ActivityReader
    let unreadable: UnreadableSessions
    let logger: Logger

    static let interval = Duration.seconds(60)

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await check()
            } catch is CancellationError {
                return
            } catch {
                // The store has reported its error. The silence stays recorded and is checked again.
            }
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Checks once. A stall is reported only after the session and its activities have been read, because our copy may be
    /// old.
    func check() async throws {
        for id in try await store.silentSessions() where !unreadable.contains(id) {
            do {
                guard try await direct.read(id, for: .background)?.state == .inProgress else { continue }
                try await reader.read(id, for: .background)
            } catch let error as UpstreamError {
                try Task.checkCancellation()
                unreadable.noteFailure(id, error)
                // If the API serves nobody, the other sessions cannot be read either.
                if unreadable.health.status.trouble != nil { return }
                continue
            }
            guard try await store.recordStall(of: id, at: store.wallNow) else { continue }
            logger.event(
                .sessionStalled, level: .warning, "a session at work has been silent for too long",
                metadata: ["sessionId": "\(id)"])
        }
    }
}
