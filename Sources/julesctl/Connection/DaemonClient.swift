// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Wording

/// Sends requests to the daemon.
struct DaemonClient: Sendable {
    let address: DaemonAddress
    private let token: Secret?
    private let http: HTTPClient

    /// A bulk action may take 30 s, and a creation waits for the Jules API.
    private static let timeout = Duration.seconds(60)
    /// The largest number of requests at the same time. Further ones wait.
    static let mostConnections = 64

    init(address: DaemonAddress, token: Secret?) {
        self.address = address
        self.token = token
        http = HTTPClient(
            userAgent: "julesctl/\(programVersion)", maxConnectionsPerHost: Self.mostConnections)
    }

    /// Sends a GET and returns the body.
    ///
    /// - Throws: `ControlError` if there is no answer or an error.
    func get(_ path: String, _ query: [(String, String?)] = []) async throws(ControlError) -> JSON {
        try await send("GET", path, query)
    }

    /// Sends a POST and returns the body; `null` if it is empty.
    ///
    /// - Throws: `ControlError` if there is no answer or an error.
    @discardableResult
    func post(_ path: String, _ body: JSON? = nil, key: String? = nil) async throws(ControlError) -> JSON {
        try await send("POST", path, [], body, key: key)
    }

    func patch(_ path: String, _ body: JSON) async throws(ControlError) -> JSON {
        try await send("PATCH", path, [], body)
    }

    @discardableResult
    func delete(_ path: String) async throws(ControlError) -> JSON { try await send("DELETE", path) }

    /// All items of a paged list, at most `limit`. Returns the first page's object with all items in `member`.
    ///
    /// - Throws: `ControlError` if there is no answer or an error, or the answer has no such list.
    func list(
        _ path: String, _ query: [(String, String?)], member: String, limit: Int?, cursor name: String = "cursor"
    ) async throws(ControlError) -> JSONObject {
        var cursor: String?
        var first: JSONObject?
        var items: [JSON] = []
        repeat {
            let page = min(limit.map { $0 - items.count } ?? 500, 500)
            var query = query + [("limit", String(page))]
            if let cursor { query.append((name, cursor)) }
            guard let answer = try await get(path, query).object, let found = answer[member]?.array else {
                throw .unexpected("\(path) has no \(member)")
            }
            items += found
            cursor = found.isEmpty ? nil : answer["nextCursor"]?.string
            first = first ?? answer
        } while cursor != nil && items.count < limit ?? .max
        var answer = first ?? JSONObject()
        answer[member] = .array(items)
        answer["nextCursor"] = cursor.map { .string($0) }
        return answer
    }

    func request(
        _ method: String, _ path: String, _ query: [(String, String?)] = [], _ body: JSON? = nil, key: String? = nil
    ) -> ClientRequest {
        var url = address.base + path
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(percentEncoded($0))" } }
        if !pairs.isEmpty { url += "?" + pairs.joined(separator: "&") }
        var request = ClientRequest(method: method, url: url, body: body?.bytes, timeout: Self.timeout)
        request.unixSocket = address.socket
        if let token { request.headers.append(("Authorization", "Bearer \(token.reveal())")) }
        if body != nil { request.headers.append(("Content-Type", "application/json")) }
        if let key { request.headers.append(("Idempotency-Key", key)) }
        return request
    }

    /// Sends a request and waits for the whole response.
    ///
    /// - Throws: `ControlError.unreachable` if there is none.
    func transfer(_ request: ClientRequest) async throws(ControlError) -> ClientResponse {
        do throws(TransportError) { return try await http.send(request) } catch {
            throw .unreachable(address: "\(address)", reason: "\(error)", hint: address.hint)
        }
    }

    private func send(
        _ method: String, _ path: String, _ query: [(String, String?)] = [], _ body: JSON? = nil, key: String? = nil
    ) async throws(ControlError) -> JSON {
        let response = try await transfer(request(method, path, query, body, key: key))
        guard (200..<300).contains(response.status) else { throw ControlError(response) }
        guard !response.body.isEmpty else { return .null }
        guard let json = try? JSON(parsing: response.body) else { throw .unexpected("it is no JSON") }
        return json
    }
}

extension ControlError {
    /// The error in a response with a status other than 2xx.
    init(_ response: ClientResponse) {
        let body = try? JSON(parsing: response.body)
        let details = (body?["details"]?.array ?? []).compactMap { detail in
            detail["field"]?.string.map { "\n  \($0): \(detail["message"]?.string ?? "")" }
        }
        let wait = response.first("retry-after").map { "; try again in \($0) s" } ?? ""
        let message = body?["message"]?.string ?? "julesd answered with status \(response.status)"
        self = .refused(
            status: response.status, code: body?["error"]?.string ?? "",
            message: safeText(message) + wait + details.map { safeText($0, keepingLines: true) }.joined())
    }
}

/// A path segment or query value with all characters encoded except the unreserved ones (RFC 3986 §2.3).
func percentEncoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
        let scalar = Unicode.Scalar(byte)
        if scalar.properties.isAlphabetic && byte < 0x80 || (0x30...0x39).contains(byte) || "-._~".utf8.contains(byte) {
            encoded.unicodeScalars.append(scalar)
        } else {
            encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
        }
    }
    return encoded
}
