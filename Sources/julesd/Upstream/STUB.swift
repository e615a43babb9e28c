import DaemonSupport
enum UpstreamError: Error, Equatable { case keyRejected(status: Int, message: String), timedOut, unreachable(reason: String), throttled(retryAfter: Duration?), refused(status: Int, canonical: String?, message: String, detail: JSON?), failed(status: Int), undecodable(reason: String), cancelled
  var isTransient: Bool { true }
  var mayHaveArrived: Bool { false } }
struct JulesClient: Sendable {
  let http: HTTPClient; let base: String; let key: String?
  init(_ s: Settings) { http = HTTPClient(userAgent: "julesd"); base = s.julesAPIBase.text; key = s.julesAPIKey?.reveal() }
  func shutDown() { http.shutdown() }
  func call(_ m: String, _ path: String, _ body: [UInt8]? = nil) async throws(UpstreamError) -> [UInt8] {
    let r: ClientResponse
    do throws(TransportError) {
      r = try await http.send(ClientRequest(method: m, url: base + path, headers: [("X-Goog-Api-Key", key ?? "x"), ("Content-Type", "application/json")], body: body, timeout: .seconds(10)))
    } catch { throw .unreachable(reason: "\(error)") }
    if r.status == 401 { throw .keyRejected(status: 401, message: "") }
    if r.status == 429 { throw .throttled(retryAfter: nil) }
    if r.status >= 500 { throw .failed(status: r.status) }
    if r.status >= 400 { throw .refused(status: r.status, canonical: nil, message: String(decoding: r.body, as: UTF8.self), detail: nil) }
    return r.body
  }
  func compact(_ b: [UInt8]) throws(UpstreamError) -> [UInt8] { do { return try JSON.compact(b) } catch { throw .undecodable(reason: "\(error)") } }
  func list(_ b: [UInt8], _ n: String) throws(UpstreamError) -> JSONList { do { return try JSONList(b, items: n) } catch { throw .undecodable(reason: "\(error)") } }
  func esc(_ s: String) -> String { s.utf8.map { ($0 >= 48 && $0 <= 57) || ($0 | 32 >= 97 && $0 | 32 <= 122) || $0 == 46 || $0 == 45 ? String(UnicodeScalar($0)) : "%" + (String($0, radix: 16).count < 2 ? "0" : "") + String($0, radix: 16) }.joined() }
  func sessions(pageToken: String?, pageSize: Int, filter: String?, timeout: Duration? = nil) async throws(UpstreamError) -> JSONList {
    var q = "?pageSize=\(pageSize)"; if let pageToken { q += "&pageToken=" + esc(pageToken) }; if let filter { q += "&filter=" + esc(filter) }
    return try list(try await call("GET", "/sessions" + q), "sessions") }
  func session(_ id: String) async throws(UpstreamError) -> [UInt8] { try compact(try await call("GET", "/sessions/" + id)) }
  func createSession(body: [UInt8]) async throws(UpstreamError) -> [UInt8] { try compact(try await call("POST", "/sessions", body)) }
  func approvePlan(_ id: String) async throws(UpstreamError) { _ = try await call("POST", "/sessions/\(id):approvePlan", Array("{}".utf8)) }
  func sendMessage(_ id: String, prompt: String) async throws(UpstreamError) { let j: JSON = ["prompt": .string(prompt)]; _ = try await call("POST", "/sessions/\(id):sendMessage", j.bytes) }
  func activities(session: String, createdAfter: String?, pageToken: String?, pageSize: Int) async throws(UpstreamError) -> JSONList {
    var q = "?pageSize=\(pageSize)"; if let pageToken { q += "&pageToken=" + esc(pageToken) }; if let createdAfter { q += "&filter=" + esc("create_time > \"\(createdAfter)\"") }
    return try list(try await call("GET", "/sessions/\(session)/activities" + q), "activities") }
  func source(_ n: String) async throws(UpstreamError) -> [UInt8] { try compact(try await call("GET", "/" + n)) }
  func deleteSession(_ id: String) async throws(UpstreamError) { _ = try await call("DELETE", "/sessions/" + id) }
  func archive(_ id: String) async throws(UpstreamError) -> [UInt8] { try compact(try await call("POST", "/sessions/\(id):archive", Array("{}".utf8))) }
  func unarchive(_ id: String) async throws(UpstreamError) -> [UInt8] { try compact(try await call("POST", "/sessions/\(id):unarchive", Array("{}".utf8))) }
  func sources(pageToken: String?) async throws(UpstreamError) -> JSONList { try list(try await call("GET", "/sources" + (pageToken.map { "?pageToken=" + $0 } ?? "")), "sources") }
}
