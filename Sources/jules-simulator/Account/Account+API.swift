// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

extension Account {
    /// Responds to one request as the API would at `instant`.
    mutating func handle(_ request: APIRequest, at instant: Timestamp) -> APIReply {
        advance(to: instant)
        guard let route = APIRoute(method: request.method, path: request.path) else {
            let reply = APIReply.unknownURL(request.path)
            record(request, "unknown", reply)
            return reply
        }
        let fault = faults.next(for: route.operation, random: &random)
        var reply: APIReply
        if let replacement = fault?.replacement(at: now) {
            if fault?.executed == true { _ = answer(route, request) }
            reply = replacement
        } else {
            reply = answer(route, request)
        }
        fault?.damage(&reply, request: request)
        reply.delay += behavior.latency
        record(request, route.operation.rawValue, reply)
        return reply
    }

    private mutating func record(_ request: APIRequest, _ operation: String, _ reply: APIReply) {
        let query = request.query.filter { $0.name != "key" }.map { "\($0.name)=\($0.value)" }
        requests.record(
            .init(
                at: now, operation: operation, method: request.method,
                target: request.path + (query.isEmpty ? "" : "?" + query.joined(separator: "&")), status: reply.status))
    }

    private mutating func answer(_ route: APIRoute, _ request: APIRequest) -> APIReply {
        let pretty = request["prettyPrint"] != "false"
        do throws(APIError) {
            try authenticate(request, route.operation)
            try request.checkQuery(of: route.operation)
            let fields = try request.fieldMask()
            guard let json = try result(of: route, request) else {
                return behavior.emptyReply == .object ? .json(200, [:], pretty: pretty) : .json(200, [:]).emptied
            }
            return .json(200, fields.applied(to: json), pretty: pretty)
        } catch {
            return .json(error.code, error.json, pretty: pretty)
        }
    }

    private func authenticate(_ request: APIRequest, _ operation: Operation) throws(APIError) {
        let given = (request.key ?? request["key"]).flatMap { $0.isEmpty ? nil : $0 }
        guard let given else { throw .unauthenticated(operation, keyGiven: false) }
        if let key, key != given { throw .unauthenticated(operation, keyGiven: true) }
    }

    /// The result of the method; `nil` is the empty message.
    private mutating func result(of route: APIRoute, _ request: APIRequest) throws(APIError) -> JSON? {
        switch route {
        case .createSession: try createSession(request)
        case .listSessions: try listSessions(request)
        case .session(let operation, let id): try session(operation, id, request)
        case .listActivities(let id): try listActivities(of: id, request)
        case .getActivity(let session, let id): try getActivity(id, of: session)
        case .listSources: try listSources(request)
        case .getSource(let name): try getSource(name)
        }
    }
}

extension APIReply {
    fileprivate var emptied: APIReply { APIReply(status: status, headers: headers) }
}
