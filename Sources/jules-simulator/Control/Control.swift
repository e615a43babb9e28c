// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The endpoint `/simulator`, with which scripts and tests see the state behind the API and change it.
struct Control {
    var account: Account
    var clock: VirtualClock

    /// Responds to a request. `path` has the parts after `/simulator`.
    mutating func handle(_ method: String, _ path: [Substring], _ query: HTTPQuery, _ bytes: [UInt8]) -> APIReply {
        account.advance(to: clock.now())
        do throws(ControlError) {
            var body = try ControlBody(parsing: bytes)
            guard let answer = try answer(method, path, query, &body) else {
                return .json(404, ["error": .string("no such path or method; see docs/simulator.md")])
            }
            return .json(200, answer)
        } catch {
            return .json(400, ["error": .string(error.description)])
        }
    }

    private mutating func answer(
        _ method: String, _ path: [Substring], _ query: HTTPQuery, _ body: inout ControlBody
    ) throws(ControlError) -> JSON? {
        switch (method, path.first, path.count) {
        case ("GET", nil, _): state
        case ("GET", "knobs", 1): behavior
        case ("POST", "knobs", 1): try setKnobs(&body)
        case ("GET", "faults", 1): faults
        case ("POST", "faults", 1): try addFault(&body)
        case ("DELETE", "faults", 1): clearFaults()
        case ("GET", "requests", 1): requests(limit: query["limit"].flatMap { Int($0) } ?? 100)
        case ("DELETE", "requests", 1): clearRequests()
        case ("POST", "clock", 1): try setClock(&body)
        case ("POST", "arrivals", 1): try setArrivals(&body)
        case ("GET", "sessions", 1): sessions(in: query["state"])
        case ("POST", "sessions", 1): try create(&body)
        case ("POST", "sessions", 2): try command(String(path[1]), &body)
        case ("DELETE", "sessions", 2): try delete(String(path[1]))
        default: nil
        }
    }

    private var state: JSON {
        let states = Dictionary(grouping: account.sessions.values, by: \.state.rawValue).mapValues(\.count)
        return [
            "virtualTime": .string(account.now.rfc3339Shortest), "speed": .number("\(clock.speed)"),
            "arrivalsPerMinute": .number("\(account.arrivals)"),
            "sessions": ["total": JSON(account.sessions.count), "states": Self.counts(states)],
            "requests": ["total": JSON(account.requests.total), "operations": Self.counts(account.requests.counts)],
            "faults": JSON(account.faults.faults.count),
        ]
    }

    private static func counts(_ counts: [String: Int]) -> JSON {
        .object(JSONObject(counts.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: JSON($0.value)) }))
    }

    private var behavior: JSON {
        // Numbers and truth values as they are, everything else as text.
        let members = APIBehavior.all.map { knob in
            let text = knob.read(account.behavior)
            return JSONObject.Member(name: knob.name, value: (try? JSON(parsing: text)) ?? .string(text))
        }
        return .object(JSONObject(members))
    }

    private mutating func setKnobs(_ body: inout ControlBody) throws(ControlError) -> JSON {
        var behavior = account.behavior
        for member in body.allScalars() { try behavior.set(member.name, to: member.text) }
        account.behavior = behavior
        return self.behavior
    }

    private var faults: JSON { ["faults": .array(account.faults.faults.map(\.json))] }

    private mutating func addFault(_ body: inout ControlBody) throws(ControlError) -> JSON {
        account.faults.add(try Fault(&body))
        return faults
    }

    private mutating func clearFaults() -> JSON {
        account.faults.clear()
        return faults
    }

    private func requests(limit: Int) -> JSON {
        let entries = account.requests.recent.suffix(max(0, limit)).map { entry -> JSON in
            [
                "time": .string(entry.at.rfc3339Shortest), "operation": .string(entry.operation),
                "method": .string(entry.method),
                "target": .string(entry.target), "status": JSON(entry.status),
            ]
        }
        return ["requests": .array(entries)]
    }

    private mutating func clearRequests() -> JSON {
        account.requests.clear()
        return [:]
    }

    private mutating func setClock(_ body: inout ControlBody) throws(ControlError) -> JSON {
        let advance = try body.duration("advance")
        let speed = try body.number("speed")
        try body.end()
        if let speed {
            guard speed >= 0 else { throw ControlError("speed: expected 0 or more") }
            clock.run(at: speed)
        }
        if let advance { clock.advance(by: advance) }
        account.advance(to: clock.now())
        return state
    }

    private mutating func setArrivals(_ body: inout ControlBody) throws(ControlError) -> JSON {
        let rate = try body.number("perMinute")
        try body.end()
        guard let rate, rate >= 0 else { throw ControlError("perMinute: expected 0 or more") }
        account.arrivals = rate
        return state
    }

    private func sessions(in state: String?) -> JSON {
        let sessions = account.order.reversed().compactMap { account.sessions[$0.id] }
            .filter { state == nil || $0.state.rawValue == state }
        return [
            "sessions": .array(
                sessions.map {
                    [
                        "id": .string($0.id), "state": .string($0.state.rawValue), "title": .string($0.title),
                        "activities": JSON($0.activities.count),
                    ]
                })
        ]
    }

    private mutating func create(_ body: inout ControlBody) throws(ControlError) -> JSON {
        let assignment = Assignment(random: &account.random)
        var draft = assignment.draft(&account.random)
        draft.prompt = try body.text("prompt") ?? draft.prompt
        draft.title = try body.text("title") ?? draft.title
        if let source = try body.text("source") { draft.source = source.isEmpty ? nil : source }
        draft.requirePlanApproval = try body.flag("requirePlanApproval") ?? false
        draft.automationMode = try body.text("automationMode") ?? draft.automationMode
        let state = SessionState(rawValue: try body.text("state") ?? SessionState.queued.rawValue)
        let count = try body.count("count") ?? 1
        try body.end()
        guard count <= 100_000 else { throw ControlError("count: expected at most 100000") }
        let ids = (0..<count).map { _ in account.create(draft, in: state) }
        return ["ids": .array(ids.map { .string($0) })]
    }

    private mutating func command(_ id: String, _ body: inout ControlBody) throws(ControlError) -> JSON {
        try account.command(try Command(&body), id)
        return account.sessions[id]?.json(echo: account.behavior.echoInputs) ?? [:]
    }

    private mutating func delete(_ id: String) throws(ControlError) -> JSON {
        guard account.sessions[id] != nil else { throw ControlError("there is no session \(id)") }
        account.remove(id)
        return [:]
    }
}
