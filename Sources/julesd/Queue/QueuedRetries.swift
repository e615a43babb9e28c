// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// What the queue asks, and tells, whoever decided on the retries in it.
protocol RetryOwner: Sendable {
    /// Asks whether a retry is still to be made. Asked just before Jules is.
    ///
    /// - Throws: `RetryWithdrawnError` if it is not, any other error if nobody knows.
    func confirmRetry(of decision: String) async throws

    /// Told that a decision's retry has left the queue.
    func noteRetryEnded(of decision: String) async
}

/// Why a retry must not be made any more.
struct RetryWithdrawnError: Error, Equatable {
    let reason: String
}

/// Nobody knows whether a retry is still to be made. Jules has not been asked for it.
struct RetryUnconfirmedError: Error {
    let cause: any Error
}

extension TaskQueue {
    /// Adds the retry that a rule has decided on. It is added once, and not at all if the decision has ended.
    ///
    /// - Throws: `QueueStore.FullError`.
    func add(_ wanted: NewSession, retryOf decision: String) async throws {
        guard let id = try await store.add(wanted, retryOf: decision) else { return }
        await tell(id)
        wake()
    }

    /// Tells that a decision has taken its retry out of the queue.
    func noteWithdrawn(_ decision: String) async {
        guard let entry = try? await store.entry(retryOf: decision) else { return }
        told(entry)
        wake()
    }

    /// What has to hold at the moment at which Jules is asked for an entry's session; `nil` if nothing has to.
    func condition(of entry: QueueEntry) -> SessionActions.Condition? {
        guard let decision = entry.decision, let owner else { return nil }
        return {
            do { try await owner.confirmRetry(of: decision) } catch {
                throw error is RetryWithdrawnError ? error : RetryUnconfirmedError(cause: error)
            }
        }
    }
}
