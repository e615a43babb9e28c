// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// The sessions that the API cannot show although it serves others. Each is reported once, after a few attempts. Then it is
/// not read until its list entry changes or the whole account is read again.
final class UnreadableSessions: Sendable {
    /// How many times a session is tried.
    static let tries = 6
    /// If there are more, the sessions themselves are not the cause, and the list is cleared.
    private static let most = 10_000

    let health: UpstreamHealth
    private let logger: Logger
    private let failures = Mutex<[String: Int]>([:])

    init(health: UpstreamHealth, logger: Logger) {
        self.health = health
        self.logger = logger
    }

    /// Records that a session could not be read. If the API serves nobody, or the request was never sent, the failure is not
    /// the session's own and does not count.
    func noteFailure(_ id: String, _ error: UpstreamError) {
        guard isOwnFailure(error) else {
            return logger.debug("a session is not read: \(error)", metadata: ["sessionId": "\(id)"])
        }
        let count = failures.withLock { failures in
            if failures.count >= Self.most { failures = [:] }
            failures[id, default: 0] += 1
            return failures[id, default: 0]
        }
        if count == Self.tries { tell(id, error) }
    }

    /// Whether this is the failure of one resource while the API serves others.
    func isOwnFailure(_ error: UpstreamError) -> Bool { error.mayBeOwn && health.status.trouble == nil }

    /// Reports that a session is not tried any more.
    func tell(_ id: String, _ error: UpstreamError) {
        logger.event(
            .sessionUnreadable, level: .warning,
            "Jules fails to show a session, which is not asked for any more for now: \(error)",
            metadata: ["sessionId": "\(id)"])
    }

    func noteSuccess(_ id: String) { failures.withLock { $0[id] = nil } }

    /// Whether the attempts for the session have ended.
    func contains(_ id: String) -> Bool { failures.withLock { $0[id, default: 0] >= Self.tries } }

    /// The ids whose attempts have not ended.
    func without(_ ids: Set<String>) -> Set<String> {
        failures.withLock { failures in
            failures.isEmpty ? ids : ids.filter { failures[$0, default: 0] < Self.tries }
        }
    }

    /// These sessions may be tried again: their list entries have changed.
    func forget(_ ids: Set<String>) {
        failures.withLock { failures in
            guard !failures.isEmpty else { return }
            for id in ids { failures[id] = nil }
        }
    }

    /// All sessions may be tried again.
    func forgetAll() { failures.withLock { $0 = [:] } }
}

extension UpstreamError {
    /// True if this can be the failure of one resource while the API serves others.
    fileprivate var mayBeOwn: Bool {
        switch self {
        case .failed, .timedOut(sent: true), .undecodable, .refused: true
        case .timedOut, .unreachable, .throttled, .keyRejected, .otherAccount, .cancelled, .withheld: false
        }
    }
}
