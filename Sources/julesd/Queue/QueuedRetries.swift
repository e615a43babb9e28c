// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The owner of the retries in the queue: it has decided on them.
protocol RetryOwner: Sendable {
    /// Checks whether a retry is still wanted. Called just before the request to Jules.
    ///
    /// - Throws: `RetryWithdrawnError` if it is not wanted; another error if that is not known.
    func confirmRetry(of decision: String) async throws

    /// Called when the retry of a decision has left the queue.
    func noteRetryEnded(of decision: String) async
}

/// A retry is no longer wanted.
struct RetryWithdrawnError: Error, Equatable {
    let reason: String
}

/// It is not known whether a retry is still wanted. Jules has not been asked for it.
struct RetryUnconfirmedError: Error {
    let cause: any Error
}

extension TaskQueue {
    /// Adds the retry of a rule's decision, once. If the decision has ended, nothing is added.
    ///
    /// - Throws: `QueueStore.FullError`.
    func add(_ wanted: NewSession, retryOf decision: String) async throws {
        guard let id = try await store.add(wanted, retryOf: decision) else { return }
        await tell(id)
        wake()
    }

    /// Reports that the retry of a decision was taken out of the queue.
    func noteWithdrawn(_ decision: String) async {
        guard let entry = try? await store.entry(retryOf: decision) else { return }
        told(entry)
        wake()
    }

    /// The condition that must hold when Jules is asked for the session of an entry; `nil` if there is none.
    func condition(of entry: QueueEntry) -> SessionActions.Condition? {
        guard let decision = entry.decision, let owner else { return nil }
        return {
            do { try await owner.confirmRetry(of: decision) } catch {
                throw error is RetryWithdrawnError ? error : RetryUnconfirmedError(cause: error)
            }
        }
    }
}
