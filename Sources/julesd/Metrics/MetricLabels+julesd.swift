// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOHTTP1

/// The labels of a request. A client cannot choose a value freely: routes are templates, and unknown methods are `other`.
struct RequestLabels: MetricLabels {
    static let names = ["method", "route", "status"]
    let method: String
    let template: String
    let status: UInt

    init(method: HTTPMethod, template: String, status: HTTPResponseStatus) {
        self.method = Self.name(method)
        self.template = template
        self.status = status.code
    }

    var values: [String] { [method, template, String(status)] }

    /// The method if RFC 9110 or RFC 5789 defines it, else `other`.
    private static func name(_ method: HTTPMethod) -> String {
        switch method {
        case .GET, .HEAD, .POST, .PUT, .DELETE, .CONNECT, .OPTIONS, .TRACE, .PATCH: method.rawValue
        default: "other"
        }
    }
}

struct RouteLabel: MetricLabels {
    static let names = ["route"]
    let template: String

    var values: [String] { [template] }
}

/// The labels of a request to `/mcp`.
struct AgentRequestLabels: MetricLabels {
    static let names = ["route", "tool"]
    let tool: String

    var values: [String] { ["/mcp", tool] }
}

/// The labels of a request to the API.
struct UpstreamLabels: MetricLabels {
    static let names = ["operation", "status"]
    let operation: JulesAPI.Operation
    let status: String

    init(operation: JulesAPI.Operation, _ result: Result<Void, UpstreamError>) {
        self.operation = operation
        status =
            switch result {
            case .success: "200"
            case .failure(let error): error.metricStatus
            }
    }

    var values: [String] { [operation.rawValue, status] }
}

extension JulesAPI.Operation: MetricLabels {
    static let names = ["operation"]
}

extension SessionDelta.Change: MetricLabels {
    static let names = ["change"]
}

extension DeliveryResult: MetricLabels {
    static let names = ["result"]
}

/// The labels of a rule's decision. There are as many rules as files.
struct DecisionLabels: MetricLabels {
    static let names = ["rule", "action", "state"]
    let rule: String
    let action: String
    let state: Decision.State

    var values: [String] { [rule, action, state.rawValue] }
}

/// Who refused a request because there were too many.
enum RateLimitScope: String, MetricLabels, CaseIterable {
    static let names = ["scope"]
    /// The daemon, to a client.
    case client
    /// The API, to the daemon.
    case upstream
}

/// The kinds of errors that are counted.
enum ErrorType: String, MetricLabels, CaseIterable {
    static let names = ["type"]
    /// A request was answered 500.
    case `internal`
    /// SQLite failed.
    case storage
    /// A client read too slowly and was disconnected (4002).
    case backpressure
    case upstreamTimeout = "upstream_timeout"
    case upstreamUnreachable = "upstream_unreachable"
    case upstreamFailed = "upstream_5xx"
    case upstreamKeyRejected = "upstream_key_rejected"
    case upstreamThrottled = "upstream_throttled"
    case upstreamUndecodable = "upstream_undecodable"

    /// The type of an error; `nil` if the API was right to refuse, or if nobody waited for the answer any more.
    init?(_ error: UpstreamError) {
        switch error {
        case .timedOut: self = .upstreamTimeout
        case .unreachable: self = .upstreamUnreachable
        case .failed: self = .upstreamFailed
        case .keyRejected, .otherAccount: self = .upstreamKeyRejected
        case .throttled: self = .upstreamThrottled
        case .undecodable: self = .upstreamUndecodable
        case .refused, .cancelled, .withheld: return nil
        }
    }
}

extension UpstreamError {
    /// The status of the API's answer, or the kind of failure if there was no usable answer.
    fileprivate var metricStatus: String {
        switch self {
        case .keyRejected(let status, _), .refused(let status, _, _, _), .failed(let status, _):
            String(status)
        case .throttled: "429"
        case .timedOut: "timeout"
        case .unreachable: "unreachable"
        case .undecodable: "undecodable"
        case .otherAccount: "other_account"
        case .cancelled: "cancelled"
        case .withheld: "withheld"
        }
    }
}

extension SessionState {
    /// The API's name for a known state; all others share one label, because the API may invent any number of them.
    var metricLabel: String { if case .unrecognized = self { "unrecognized" } else { name } }
}
