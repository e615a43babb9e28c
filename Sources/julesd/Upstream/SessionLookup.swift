// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Finds what people ask for: in our copy, else at the API.
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
    ///   - recent: the activities that were read a moment ago.
    ///   - interval: POLL_INTERVAL, for which such a reading is as good as another one.
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

    /// The session as our copy has it, else as the API has it; `nil` where neither knows it.
    ///
    /// The API is asked once for all who ask at the same time, and not again for a moment if it does not know the session.
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

    /// The same session.
    ///
    /// - Throws: `SessionActionError.unknownSession` where there is none.
    func existing(_ id: String) async throws -> Session {
        guard let session = try await session(id) else { throw SessionActionError.unknownSession(id) }
        return session
    }

    private func remember(_ id: String) {
        let now = Duration.monotonic
        // The budget keeps this short: each of them has cost a request.
        unknown = unknown.filter { $0.value > now }
        unknown[id] = now + Self.memory
    }

    /// Asks the API for a session; `nil` where it does not know it.
    nonisolated func refresh(_ id: String) async throws -> Session? {
        try await direct.read(id, for: .user)
    }

    /// Brings our copy of a session and its activities up to date after something was done to it, and returns the session as it is
    /// then. What cannot be read or stored now the poller brings later.
    @discardableResult
    nonisolated func readAgain(_ id: String) async -> Session? {
        let session = try? await refresh(id)
        try? await activities.read(id, for: .user)
        if let session { return session }
        return (try? await store.session(id)) ?? nil
    }

    /// Brings our copy of a session's activities up to date, what shows late included.
    ///
    /// - Throws: `UpstreamError`, `SQLiteError`.
    nonisolated func readActivities(of id: String) async throws {
        try await activities.read(id, for: .user, overlapping: true)
    }

    /// Brings our copy of a session's activities up to date; where the API is away, what we have must do.
    ///
    /// - Parameter always: asks the API even if the last reading is younger than POLL_INTERVAL, because something depends on the
    ///   newest activity. Such a reading also learns what shows late.
    /// - Parameter isFollowed: whether the session's activities are read every POLL_INTERVAL anyway: then that reading is waited for.
    /// - Throws: `UpstreamError` where there is nothing to fall back on.
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
