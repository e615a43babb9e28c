// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Finds sessions for people: in our copy, else at the API.
actor SessionLookup {
    nonisolated let store: SessionStore
    private let direct: DirectReader
    private let activities: ActivityReader
    private let recent: ReadCache<String, Void>
    private let interval: @Sendable () -> Duration
    private var underWay: [String: Task<Session?, any Error>] = [:]
    /// Ids that the API does not know, and until when it is not asked again.
    private var unknown: [String: Duration] = [:]

    /// How long a session is remembered as unknown.
    static let memory = Duration.seconds(5)

    /// - Parameters:
    ///   - recent: activities that were read a moment ago.
    ///   - interval: POLL_INTERVAL. A read that is not older is used again.
    init(
        store: SessionStore, direct: DirectReader, activities: ActivityReader, recent: ReadCache<String, Void>,
        interval: @escaping @Sendable () -> Duration
    ) {
        self.recent = recent
        self.interval = interval
        self.store = store
        self.direct = direct
        self.activities = activities
    }

    /// The session from our copy, else from the API; `nil` if neither knows it.
    ///
    /// Requests for the same id at the same time share one request to the API. If the API does not know the session, it is
    /// not asked again for `memory`.
    func session(_ id: String) async throws -> Session? {
        if let session = try await store.session(id) { return session }
        if let until = unknown[id], until > .monotonic { return nil }
        if let task = underWay[id] { return try await task.value }
        let task = Task { [direct] in try await direct.read(id, for: .user) }
        underWay[id] = task
        defer { underWay[id] = nil }
        let session = try await task.value
        if session == nil, ResourceID.isSession(id) { remember(id) }
        return session
    }

    /// The session from our copy, else from the API.
    ///
    /// - Throws: `SessionActionError.unknownSession` if neither knows it; `UpstreamError`; `StorageError`.
    func existing(_ id: String) async throws -> Session {
        guard let session = try await session(id) else { throw SessionActionError.unknownSession(id) }
        return session
    }

    private func remember(_ id: String) {
        let now = Duration.monotonic
        // The budget keeps this list short, because each entry has cost a request.
        unknown = unknown.filter { $0.value > now }
        unknown[id] = now + Self.memory
    }

    /// Reads a session from the API; `nil` if the API does not know it.
    nonisolated func refresh(_ id: String) async throws -> Session? {
        try await direct.read(id, for: .user)
    }

    /// Updates our copy of a session and its activities after an action, and returns the session. What cannot be read or
    /// stored now, the poller brings later.
    @discardableResult
    nonisolated func readAgain(_ id: String) async -> Session? {
        let session = try? await refresh(id)
        try? await activities.read(id, for: .user)
        if let session { return session }
        return (try? await store.session(id)) ?? nil
    }

    /// Updates our copy of a session's activities, including activities that appear late.
    ///
    /// - Throws: `UpstreamError`, `StorageError`.
    nonisolated func readActivities(of id: String) async throws {
        try await activities.read(id, for: .user, overlapping: true)
    }

    /// Updates our copy of a session's activities. If the API is unreachable, our copy is used as it is.
    ///
    /// - Parameter always: asks the API even if the last read is younger than POLL_INTERVAL, because something depends on the
    ///   newest activity. Such a read also finds activities that appear late.
    /// - Parameter isFollowed: whether the session's activities are read every POLL_INTERVAL anyway. Then that read is used.
    /// - Throws: `UpstreamError` if there are no activities to fall back on.
    nonisolated func refreshActivities(
        of session: Session, always: Bool = false, isFollowed: Bool = false
    ) async throws {
        do {
            let age = always ? .zero : isFollowed ? interval() * 2 : interval()
            try await recent.value(for: session.id, age: age) { [activities] in
                try await activities.readUnlessYoung(session.id, for: .user, overlapping: always)
            }
        } catch let error as UpstreamError {
            guard try await store.activityCursor(of: session.id).newest != nil else { throw error }
        }
    }
}
