// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

@testable import jules_simulator

/// An account with a clock that only the test moves.
final class AccountFixture {
    static let start = Timestamp(rfc3339: "2026-11-20T09:00:00Z") ?? Timestamp(nanoseconds: 0)

    var account: Account
    var now: Timestamp

    init(seed: UInt64 = 7, behavior: APIBehavior = .calm, key: String? = nil) {
        account = Account(seed: seed, at: Self.start, behavior: behavior, key: key)
        now = Self.start
    }

    func wait(_ duration: Duration) {
        now = now + duration
        account.advance(to: now)
    }

    /// Waits in steps of a second until the session has this state; false if it does not within a day.
    func wait(for state: SessionState, of id: String) -> Bool {
        for _ in 0..<86400 {
            if account.sessions[id]?.state == state { return true }
            wait(.seconds(1))
        }
        return false
    }

    func send(_ method: String, _ target: String, _ body: String = "", key: String? = "k") -> APIReply {
        let parts = target.split(separator: "?", maxSplits: 1)
        let query = HTTPQuery(parts.count > 1 ? parts[1] : "").pairs.map { (name: $0.name, value: $0.value) }
        let request = APIRequest(
            method: method, path: "/v1alpha" + parts[0], query: query, key: key, body: Array(body.utf8))
        return account.handle(request, at: now)
    }

    func get(_ target: String) -> APIReply { send("GET", target) }
    func post(_ target: String, _ body: String = "{}") -> APIReply { send("POST", target, body) }

    /// Creates a session and returns its id.
    func create(_ members: String = "") -> String {
        post("/sessions", #"{"prompt": "Retry flaky uploads."\#(members)}"#).json["id"]?.string ?? ""
    }

    func kinds(of id: String) -> [String] {
        account.sessions[id]?.activities.map { activity in
            switch activity.kind {
            case .agentMessaged: "agentMessaged"
            case .userMessaged: "userMessaged"
            case .planGenerated: "planGenerated"
            case .planApproved: "planApproved"
            case .progressUpdated: "progressUpdated"
            case .sessionCompleted: "sessionCompleted"
            case .sessionFailed: "sessionFailed"
            case .other: "other"
            }
        } ?? []
    }
}

extension APIBehavior {
    /// Behaviour without random events: every session goes the direct way.
    static var calm: APIBehavior {
        var behavior = APIBehavior()
        (behavior.questionRate, behavior.failureRate, behavior.pauseRate) = (0, 0, 0)
        return behavior
    }

    static func calm(_ change: (inout APIBehavior) -> Void) -> APIBehavior {
        var behavior = calm
        change(&behavior)
        return behavior
    }
}

extension APIReply {
    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSON { (try? JSON(parsing: body)) ?? .null }
    var errorStatus: String? { json["error"]?["status"]?.string }
    var violations: [String] {
        json["error"]?["details"]?.array?.first?["fieldViolations"]?.array?.map { $0["field"]?.string ?? "" } ?? []
    }
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}
