// SPDX-License-Identifier: Apache-2.0

/// The data of the fake API, and its errors.
struct FakeAccount: Sendable {
    /// The sessions, newest first.
    private(set) var sessions: [FakeSession] = []
    /// The activities of each session as JSON, oldest first.
    var activities: [String: [String]] = [:]
    /// Answers that replace the true answers of an operation.
    var overrides: [FakeCall.Operation: FakeAnswer] = [:]
    /// An answer that replaces the true answers of all operations.
    var outage: FakeAnswer?
    /// Texts before the sessions on the first page of the list.
    var junk: [String] = []
    /// Whether the list always names the same next page.
    var listLoops = false
    var largestPage = 100
    /// Called before each answer to a list.
    var beforeList: (@Sendable (inout FakeAccount) -> Void)?
    /// A counter for `beforeList`.
    var turn = 0
    private var lastNumber: Int

    /// An account whose sessions are numbered from `number` + 1 on.
    init(after number: Int = 0) { lastNumber = number }

    /// Adds a new session.
    @discardableResult
    mutating func add(state: String = "IN_PROGRESS", extra: String = "") -> FakeSession {
        lastNumber += 1
        let session = FakeSession(lastNumber, state: state, extra: extra)
        sessions.insert(session, at: 0)
        return session
    }

    /// Changes a session and its `updateTime`.
    mutating func change(_ id: String, _ body: (inout FakeSession) -> Void) {
        guard let index = sessions.firstIndex(where: { $0.id == id }) else { preconditionFailure("no session \(id)") }
        sessions[index].updated += 1
        body(&sessions[index])
    }

    mutating func remove(_ id: String) { sessions.removeAll { $0.id == id } }

    func session(_ id: String) -> FakeSession? { sessions.first { $0.id == id } }

    /// Carries out a call.
    mutating func answer(_ call: FakeCall) -> FakeAnswer {
        if call.operation == .list { beforeList?(&self) }
        if let answer = outage ?? overrides[call.operation] { return answer }
        switch call.operation {
        case .list: return list(call)
        case .create: return create(call)
        case .sources: return FakeAnswer(#"{"sources":[\#(Self.source)]}"#)
        case .source: return FakeAnswer(Self.source)
        case .unknown: return FakeAnswer("<html>404</html>", status: 404)
        default: break
        }
        guard session(call.session) != nil else { return .notFound }
        switch call.operation {
        case .delete:
            remove(call.session)
            return FakeAnswer("{}")
        case .approve:
            change(call.session) { $0.state = "IN_PROGRESS" }
            return FakeAnswer("{}")
        case .message:
            change(call.session) { $0.state = "IN_PROGRESS" }
            return FakeAnswer("")
        case .archive, .unarchive: change(call.session) { $0.archived = call.operation == .archive }
        case .activities:
            let list = activities[call.session, default: []]
            return FakeAnswer(list.isEmpty ? "{}" : #"{"activities":[\#(list.joined(separator: ","))]}"#)
        default: break
        }
        return FakeAnswer(session(call.session)?.json ?? "")
    }

    private func list(_ call: FakeCall) -> FakeAnswer {
        let everything = call.query["filter"] == "archived = true OR archived = false"
        guard everything || call.query["filter"] == nil else { return .invalid }
        let visible = sessions.filter { everything || !$0.archived }
        // A token names the session after which its page begins, so that pages neither repeat nor skip sessions when
        // others are added.
        let token = call.query["pageToken"]
        let start = token.flatMap { token in visible.firstIndex { $0.id == token }.map { $0 + 1 } } ?? 0
        let size = min(call.query["pageSize"].flatMap { Int($0) } ?? 30, largestPage)
        let page = visible.dropFirst(start).prefix(size)
        let items = (token == nil ? junk : []) + page.map(\.json)
        var members = items.isEmpty ? [] : [#""sessions": [\#(items.joined(separator: ",\n"))]"#]
        if listLoops || start + size < visible.count, let last = page.last {
            members.append(#""nextPageToken": "\#(listLoops ? sessions[0].id : last.id)""#)
        }
        return FakeAnswer("{\n" + members.joined(separator: ",\n") + "\n}\n")
    }

    private mutating func create(_ call: FakeCall) -> FakeAnswer {
        guard call.body.contains(#""prompt":"#) else { return .invalid }
        // The request is repeated in the session.
        return FakeAnswer(add(state: "QUEUED", extra: #","echo":\#(call.body)"#).json)
    }

    private static let source = """
        {"name":"sources/github/acme/harbor","id":"github/acme/harbor","githubRepo":{"owner":"acme","repo":"harbor",\
        "defaultBranch":{"displayName":"trunk"},"branches":[{"displayName":"trunk"}]}}
        """
}

/// A request to the fake API.
struct FakeCall: Sendable {
    enum Operation: Sendable {
        case list, get, create, delete, approve, message, archive, unarchive, activities, source, sources, unknown
    }

    var operation: Operation
    /// Counts the requests of one operation from 1.
    var number = 0
    var session = ""
    var query: [String: String] = [:]
    var body: String

    init(method: String, target: String, body: String) {
        self.body = body
        let parts = target.split(separator: "?", maxSplits: 1)
        if parts.count > 1 {
            let pairs = parts[1].split(separator: "&").map { pair -> (String, String) in
                let pair = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(pair[0]), pair.count > 1 ? Self.decoded(pair[1]) : "")
            }
            query = Dictionary(pairs, uniquingKeysWith: { $1 })
        }
        var path = parts[0].split(separator: "/").dropFirst().map(String.init)
        var verb = ""
        if let last = path.last, let colon = last.lastIndex(of: ":") {
            verb = String(last[last.index(after: colon)...])
            path[path.count - 1] = String(last[..<colon])
        }
        if path.count > 1, path[0] == "sessions" { session = path[1] }
        operation =
            switch (method, path.first, path.count, verb) {
            case ("GET", "sessions", 1, ""): .list
            case ("POST", "sessions", 1, ""): .create
            case ("GET", "sessions", 2, ""): .get
            case ("DELETE", "sessions", 2, ""): .delete
            case ("POST", "sessions", 2, "approvePlan"): .approve
            case ("POST", "sessions", 2, "sendMessage"): .message
            case ("POST", "sessions", 2, "archive"): .archive
            case ("POST", "sessions", 2, "unarchive"): .unarchive
            case ("GET", "sessions", 3, "") where path[2] == "activities": .activities
            case ("GET", "sources", 1, ""): .sources
            case ("GET", "sources", 2..., ""): .source
            default: .unknown
            }
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// An answer of the fake API.
struct FakeAnswer: Sendable {
    var status: Int
    var body: String
    /// The value of `Retry-After`.
    var retryAfter: Int?

    init(_ body: String, status: Int = 200) {
        self.status = status
        self.body = body
    }

    /// An error in the API's own form.
    static func error(_ status: Int, _ canonical: String, _ message: String) -> FakeAnswer {
        FakeAnswer(
            #"{"error":{"code":\#(status),"message":"\#(message)","status":"\#(canonical)"}}"#, status: status)
    }

    static let notFound = error(404, "NOT_FOUND", "Requested entity was not found.")
    static let invalid = error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
    static let unavailable = error(503, "UNAVAILABLE", "The service is currently unavailable.")
    static func throttled(seconds: Int) -> FakeAnswer {
        var answer = error(429, "RESOURCE_EXHAUSTED", "Quota exceeded.")
        answer.retryAfter = seconds
        return answer
    }

    static let unauthenticated = error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
}
