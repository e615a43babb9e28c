// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Reads single sessions: the only way to learn that one has been deleted.
struct DirectReader: Sendable {
    let requests: UserRequests
    let recorder: SessionRecorder
    /// Called with the id of a session whose text is new.
    let onChange: @Sendable (Set<String>) -> Void

    /// Reads and records one session. For a person it tries more than once.
    ///
    /// If the API does not show a session that was created a moment ago, our copy of it is returned.
    ///
    /// - Returns: the session; `nil` if the API does not know it, which is recorded as its deletion.
    /// - Throws: `UpstreamError`, `StorageError`.
    @discardableResult
    func read(
        _ id: String, for purpose: RequestBudget.Purpose, patience: Duration? = nil
    ) async throws -> Session? {
        guard ResourceID.isSession(id) else { return nil }
        let asked = Duration.monotonic
        do {
            let body = try await requests.read(for: purpose, patience: patience) { (client) throws(UpstreamError) in
                try await client.session(id)
            }
            guard let session = Session(wire: body), session.id == id else {
                throw UpstreamError.undecodable(reason: "the answer is not session \(id)")
            }
            if try await recorder.record(direct: session, asked: asked) { onChange([id]) }
            return session
        } catch let error as UpstreamError {
            guard error.isNotFound else { throw error }
            let isGone = try await recorder.recordDeletion(of: id, as: .notFound, asked: asked)
            return isGone ? nil : try await recorder.store.session(id)
        }
    }
}
