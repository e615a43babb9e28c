// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Reads from the API for clients: what our copy does not have, or what must be newer than our copy.
struct UpstreamReads: Sendable {
    let requests: UserRequests
    let list: SessionList
    let recorder: SessionRecorder
    /// Called with the ids of the sessions whose text is new.
    let onChange: @Sendable (Set<String>) -> Void
    /// Recent answers; `nil` if the API does not know the resource.
    private let recent = ReadCache<String, [UInt8]?>()

    /// How long an answer is used again.
    static let memory = Duration.seconds(5)

    init(
        requests: UserRequests, list: SessionList, recorder: SessionRecorder,
        onChange: @escaping @Sendable (Set<String>) -> Void
    ) {
        self.requests = requests
        self.list = list
        self.recorder = recorder
        self.onChange = onChange
    }

    /// Updates our copy of the newest sessions.
    ///
    /// - Throws: `UpstreamError`, `StorageError`.
    func newestSessions() async throws {
        let page = try await list.page(for: .user, patience: UserRequests.patience)
        onChange(try await recorder.record(page).changed)
    }

    /// One activity; `nil` if the API does not know it.
    func activity(_ id: String, of session: String) async throws -> [UInt8]? {
        guard ResourceID.isSession(session), ResourceID.isSession(id) else { return nil }
        return try await resource("\(session)/\(id)") { (client) throws(UpstreamError) in
            try await client.activity(session: session, id)
        }
    }

    /// One source, by its name; `nil` if the API does not know it.
    func source(_ name: String) async throws -> [UInt8]? {
        guard ResourceID.isSource(name) else { return nil }
        return try await resource(name) { (client) throws(UpstreamError) in try await client.source(name) }
    }

    /// One page of a session's activities, for a session whose oldest activities our copy has removed.
    func activities(
        of session: String, createdAfter time: Timestamp?, pageToken: String?, pageSize: Int
    ) async throws -> JSONList {
        try await requests.ask(.repeatable) { (client) throws(UpstreamError) in
            try await client.activities(
                session: session, createdAfter: time?.rfc3339Exact, pageToken: pageToken, pageSize: pageSize)
        }
    }

    private func resource(
        _ key: String, _ read: @escaping @Sendable (JulesClient) async throws(UpstreamError) -> [UInt8]
    ) async throws -> [UInt8]? {
        // Another key may see other resources.
        try await recent.value(for: "\(requests.gate.identity) \(key)", age: Self.memory) { [requests] in
            do throws(UpstreamError) { return try await requests.ask(.repeatable, read) } catch {
                guard error.isNotFound else { throw error }
                return nil
            }
        }
    }
}
