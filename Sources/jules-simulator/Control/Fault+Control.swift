// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

extension Fault {
    /// The names of the kinds in the member `fault`.
    static let kinds = [
        "status", "refuse", "redirect", "delay", "reset", "truncate", "drip", "brokenGzip", "wrongJSON", "tokenLoop",
    ]

    /// Reads a fault in the form of the control endpoint and `--fault`: `{"fault": "status", "status": 503, "count":
    /// 3}`.
    init(_ body: inout ControlBody) throws(ControlError) {
        let name = try body.text("fault") ?? ""
        switch name {
        case "status":
            let status = try body.count("status") ?? 503
            guard (400...599).contains(status) else { throw ControlError("status: expected 400 to 599, not \(status)") }
            kind = .status(status, html: try body.flag("html") ?? false, try RetryAfter(&body))
        case "refuse": kind = .refuse
        case "redirect": kind = .redirect(location: try body.text("location") ?? "http://127.0.0.1:9/")
        case "delay": kind = .delay(try body.duration("for") ?? .seconds(30))
        case "reset": kind = .reset
        case "truncate": kind = .truncate
        case "drip":
            kind = .drip(
                bytes: max(1, try body.count("bytes") ?? 16), every: try body.duration("every") ?? .milliseconds(200))
        case "brokenGzip": kind = .brokenGzip
        case "wrongJSON": kind = .wrongJSON
        case "tokenLoop": kind = .tokenLoop
        default: throw ControlError("fault: expected one of \(Self.kinds.joined(separator: ", ")), not \"\(name)\"")
        }
        if let name = try body.text("operation") {
            guard let operation = Operation(rawValue: name) else {
                let names = Operation.allCases.map(\.rawValue).joined(separator: ", ")
                throw ControlError("operation: expected one of \(names), not \"\(name)\"")
            }
            self.operation = operation
        }
        count = try body.count("count")
        probability = try body.number("probability") ?? 1
        executed = try body.flag("executed") ?? false
        try body.end()
    }

    /// Reads a fault from JSON text.
    init(parsing text: String) throws(ControlError) {
        var body = try ControlBody(parsing: Array(text.utf8))
        try self.init(&body)
    }

    /// The fault as the control endpoint shows it.
    var json: JSON {
        // A case with values prints them after its name.
        let name = "\(kind)".prefix { $0 != "(" }
        var json = JSONObject([.init(name: "fault", value: .string(String(name)))])
        if case .status(let status, _, _) = kind { json["status"] = JSON(status) }
        if let operation { json["operation"] = .string(operation.rawValue) }
        if let count { json["count"] = JSON(count) }
        if probability < 1 { json["probability"] = .number("\(probability)") }
        if executed { json["executed"] = true }
        return .object(json)
    }
}

extension Fault.RetryAfter {
    /// Reads `retryAfter`, a duration, and `retryAfterForm`, the form in which it is sent.
    fileprivate init(_ body: inout ControlBody) throws(ControlError) {
        let form = try body.text("retryAfterForm") ?? "seconds"
        guard let delay = try body.duration("retryAfter") else {
            self = .none
            return
        }
        switch form {
        case "seconds": self = .seconds(Int(delay.components.seconds))
        case "date": self = .date(delay)
        case "retryInfo": self = .retryInfo(delay)
        default: throw ControlError("retryAfterForm: expected seconds, date or retryInfo, not \"\(form)\"")
        }
    }
}
