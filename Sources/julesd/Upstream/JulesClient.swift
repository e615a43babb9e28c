// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

/// The twelve methods of the Jules REST API (v1alpha), each one request: no retries, no decoding.
///
/// A resource is returned as the bytes received, without the white space between tokens, so that unknown fields are kept.
/// Every method throws `UpstreamError`.
struct JulesClient: Sendable {
    /// Called with each request: its result, and how long it took.
    typealias Observer = @Sendable (JulesAPI.Operation, Result<Void, UpstreamError>, Duration) -> Void

    /// The longest that a request lasts: a large answer may take three times the timeout.
    var longestRequest: Duration { timeout * 3 }

    private let http: HTTPClient
    private let base: String
    private let key: String?
    private let timeout: Duration
    private let observer: Observer

    /// A client for the API at `base`, such as `https://jules.googleapis.com/v1alpha`.
    init(
        http: HTTPClient, base: String, key: String?, timeout: Duration,
        observer: @escaping Observer = { _, _, _ in }
    ) {
        self.http = http
        self.base = base.last == "/" ? String(base.dropLast()) : base
        self.key = key
        self.timeout = timeout
        self.observer = observer
    }

    /// A digest of address and key. Two clients with the same digest are the same to the API.
    var identity: String { hexadecimal(sha256("\(base)\n\(key ?? "")".utf8)) }

    /// One page of sessions, newest first. Without a `filter` archived sessions are left out.
    ///
    /// - Parameter earlier: An earlier page. It is returned again if the answer has the same bytes.
    func sessions(
        pageToken: String? = nil, pageSize: Int = 100, filter: String? = nil, like earlier: JSONList? = nil
    ) async throws(UpstreamError) -> JSONList {
        try await list(
            .listSessions, "sessions",
            ResourcePath(
                ["sessions"], query: [("pageSize", String(pageSize)), ("pageToken", pageToken), ("filter", filter)]),
            like: earlier)
    }

    /// One session.
    func session(_ id: String) async throws(UpstreamError) -> [UInt8] {
        try await object(.getSession, try path(id))
    }

    /// Starts a session; `body` is a Session in its flat form.
    func createSession(body: [UInt8]) async throws(UpstreamError) -> [UInt8] {
        try await object(.createSession, ResourcePath(["sessions"]), method: "POST", body: body)
    }

    /// Deletes a session.
    func deleteSession(_ id: String) async throws(UpstreamError) {
        _ = try await observed(.deleteSession) { () throws(UpstreamError) in
            try await send("DELETE", try path(id))
        }
    }

    /// Approves the newest plan.
    func approvePlan(_ id: String) async throws(UpstreamError) {
        _ = try await observed(.approvePlan) { () throws(UpstreamError) in try await act("approvePlan", on: id) }
    }

    /// Sends the agent a message.
    func sendMessage(_ id: String, prompt: String) async throws(UpstreamError) {
        _ = try await observed(.sendMessage) { () throws(UpstreamError) in
            try await act("sendMessage", on: id, body: (["prompt": .string(prompt)] as JSON).bytes)
        }
    }

    /// Archives a session, which stops it if it runs. Returns the session if the API does.
    @discardableResult
    func archive(_ id: String) async throws(UpstreamError) -> [UInt8]? {
        try await observed(.archiveSession) { () throws(UpstreamError) in
            objectOrNothing(try await act("archive", on: id))
        }
    }

    /// Unarchives a session. Returns the session if the API does.
    @discardableResult
    func unarchive(_ id: String) async throws(UpstreamError) -> [UInt8]? {
        try await observed(.unarchiveSession) { () throws(UpstreamError) in
            objectOrNothing(try await act("unarchive", on: id))
        }
    }

    /// One page of a session's activities, oldest first. With `createdAfter`, an RFC 3339 timestamp, only activities after
    /// it.
    func activities(
        session: String, createdAfter: String? = nil, pageToken: String? = nil, pageSize: Int = 100
    ) async throws(UpstreamError) -> JSONList {
        try await list(
            .listActivities, "activities",
            try path(
                session, "activities",
                query: [
                    ("pageSize", String(pageSize)), ("pageToken", pageToken),
                    ("filter", createdAfter.map { "create_time > \"\($0)\"" }),
                ]))
    }

    /// One activity.
    func activity(session: String, _ id: String) async throws(UpstreamError) -> [UInt8] {
        try await object(.getActivity, try path(session, "activities", id))
    }

    /// One page of the sources that the account can use.
    func sources(pageToken: String? = nil, pageSize: Int = 100) async throws(UpstreamError) -> JSONList {
        try await list(
            .listSources, "sources",
            ResourcePath(["sources"], query: [("pageSize", String(pageSize)), ("pageToken", pageToken)]))
    }

    /// One source by its name, such as `sources/github/owner/repo`.
    func source(_ name: String) async throws(UpstreamError) -> [UInt8] {
        try await object(.getSource, ResourcePath(name.split(separator: "/").map(String.init)))
    }

    private func list(
        _ operation: JulesAPI.Operation, _ items: String, _ path: ResourcePath, like earlier: JSONList? = nil
    ) async throws(UpstreamError) -> JSONList {
        try await observed(operation) { () throws(UpstreamError) in
            let body = try await send("GET", path)
            if let earlier, earlier.isCut(from: body) { return earlier }
            do throws(JSONError) { return try JSONList(body, items: items) } catch {
                throw .undecodable(reason: error.description)
            }
        }
    }

    private func object(
        _ operation: JulesAPI.Operation, _ path: ResourcePath, method: String = "GET", body: [UInt8]? = nil
    ) async throws(UpstreamError) -> [UInt8] {
        try await observed(operation) { () throws(UpstreamError) in
            try object(await send(method, path, body: body))
        }
    }

    /// An action without arguments still needs an object: an absent body is not known to work, and `null` is refused.
    private func act(
        _ verb: String, on id: String, body: [UInt8] = Array("{}".utf8)
    ) async throws(UpstreamError) -> [UInt8] {
        try await send("POST", try path(id, verb: verb), body: body)
    }

    /// The path of a session, or of a resource below it.
    ///
    /// - Throws: `UpstreamError.refused` as for a missing session if no session can have this id. Nothing is sent then.
    private func path(
        _ session: String, _ rest: String..., verb: String? = nil, query: [(String, String?)] = []
    ) throws(UpstreamError) -> ResourcePath {
        guard ResourceID.isSession(session) else {
            throw .refused(
                status: 404, canonical: "NOT_FOUND", message: "no session can have this id", detail: nil)
        }
        return ResourcePath(["sessions", session] + rest, verb: verb, query: query)
    }

    private func observed<Value>(
        _ operation: JulesAPI.Operation, _ request: () async throws(UpstreamError) -> Value
    ) async throws(UpstreamError) -> Value {
        let began = Duration.monotonic
        do throws(UpstreamError) {
            let value = try await request()
            observer(operation, .success(()), .monotonic - began)
            return value
        } catch {
            observer(operation, .failure(error), .monotonic - began)
            throw error
        }
    }

    private func send(
        _ method: String, _ path: ResourcePath, body: [UInt8]? = nil
    ) async throws(UpstreamError) -> [UInt8] {
        var headers = [("Accept", "application/json")]
        if let key { headers.append(("X-Goog-Api-Key", key)) }
        if body != nil { headers.append(("Content-Type", "application/json")) }
        let request = ClientRequest(
            method: method, url: base + path.text, headers: headers, body: body, timeout: timeout)
        let response: ClientResponse
        do throws(TransportError) { response = try await http.send(request) } catch { throw UpstreamError(error) }
        guard (200..<300).contains(response.status) else { throw UpstreamError(response) }
        return response.body
    }

    private func object(_ body: [UInt8]) throws(UpstreamError) -> [UInt8] {
        let text: [UInt8]
        do throws(JSONError) { text = try JSON.compact(body) } catch { throw .undecodable(reason: error.description) }
        guard text.first == UInt8(ascii: "{") else { throw .undecodable(reason: "no JSON object") }
        return text
    }

    /// The object in the answer to an action; `nil` for an empty message, which is `{}` or nothing. An answer that cannot be
    /// read counts as empty too, because the action is done.
    private func objectOrNothing(_ body: [UInt8]) -> [UInt8]? {
        let text = try? object(body)
        return text == Array("{}".utf8) ? nil : text
    }
}
