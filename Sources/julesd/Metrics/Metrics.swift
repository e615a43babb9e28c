// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOHTTP1
import Wording

/// Everything the daemon counts, with the names that `/metrics` uses.
struct Metrics: Sendable {
    let registry = MetricRegistry()
    private let requests = Counter<RequestLabels>()
    private let requestDuration = Histogram<RouteLabel>(bounds: Self.bounds)
    private let upstreamRequests = Counter<UpstreamLabels>()
    private let upstreamDuration = Histogram<JulesAPI.Operation>(bounds: Self.bounds)
    private let rateLimited = Counter<RateLimitScope>(known: RateLimitScope.allCases)
    private let errors = Counter<ErrorType>(known: ErrorType.allCases)
    private let agentRequests = Counter<AgentRequestLabels>()
    private let deltas = Counter<SessionDelta.Change>(known: SessionDelta.Change.allCases)
    private let deliveries = Counter<DeliveryResult>(known: DeliveryResult.allCases)
    private let decisions = Counter<DecisionLabels>()
    private let deltaLatency = Histogram<NoLabels>(bounds: Self.bounds, known: [NoLabels()])

    /// In seconds: from an answer out of memory to the longest long poll.
    private static let bounds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    init() {
        registry.register("julesd_http_requests_total", "Requests answered, by method, route and status.", requests)
        registry.register(
            "julesd_http_request_duration_seconds", "Time from a complete request to its answer, by route.",
            requestDuration)
        registry.register(
            "julesd_upstream_requests_total",
            "Requests made to the Jules API, by operation and by status or what went wrong in its place.",
            upstreamRequests)
        registry.register(
            "julesd_upstream_request_duration_seconds",
            "Time the Jules API took to answer or to fail, by operation, without waiting for the budget.",
            upstreamDuration)
        registry.register(
            "julesd_rate_limited_total",
            "Requests refused for being too many: of clients by the daemon, of the daemon by the Jules API.",
            rateLimited)
        registry.register("julesd_errors_total", "What went wrong, by type.", errors)
        registry.register(
            "julesd_mcp_requests_total", "Requests of agents to /mcp, by tool, or by what else was asked for.",
            agentRequests)
        registry.register("julesd_deltas_total", "Deltas committed, by change.", deltas)
        registry.register(
            "julesd_delta_latency_seconds",
            "Time from the answer that told of a change set to the last write to a live client.", deltaLatency)
        registry.register(
            "julesd_rule_decisions_total",
            "Decisions of rules, by rule, action and state; one that waited is counted again when it ends.", decisions)
        registry.register(
            "julesd_webhook_deliveries_total",
            "Webhook deliveries that were taken or given up (dead), and attempts that failed and will be repeated.",
            deliveries)
        registry.register { [MetricFamily("julesd_build_info", "What is running; always 1.", .gauge, [.build])] }
        registry.registerProcess()
    }

    /// Adds the metrics of the log's output.
    func include(_ destination: LogDestination) {
        let dropped = Counter<NoLabels>()
        dropped.include(NoLabels()) { destination.droppedCount }
        registry.register(
            "julesd_log_dropped_total", "Log records dropped because the output took them too slowly.", dropped)
    }

    /// Adds the metrics of the store.
    func include(_ store: SessionStore) {
        errors.include(.storage) { store.failureCount }
        registry.register {
            let counts = try? await store.countsByState()
            let samples = counts.map(MetricSample.sessions) ?? []
            return [MetricFamily("julesd_sessions", "Sessions that are not archived, by state.", .gauge, samples)]
        }
        registry.register {
            let summary = try? await store.inboxSummary()
            let samples = summary.map { MetricSample.inbox($0.counts) } ?? []
            let age = summary.map { [MetricSample([], $0.age(at: store.wallNow) / .seconds(1))] } ?? []
            return [
                MetricFamily("julesd_inbox", "Sessions that wait for a person, by reason.", .gauge, samples),
                MetricFamily(
                    "julesd_inbox_oldest_seconds",
                    "For how long the longest waiting session has waited for a person.", .gauge, age),
            ]
        }
    }

    /// Adds the metrics of the feed.
    func include(_ feed: ChangeFeed) {
        errors.include(.backpressure) { UInt64(feed.overrunCount) }
    }

    /// Adds the metrics of the outbox.
    func include(_ outbox: Outbox) {
        registry.register(gauge: "julesd_webhook_pending", "Webhook deliveries not taken yet.") {
            (try? await outbox.pendingCount()).map(Double.init)
        }
    }

    /// Adds the metrics of the gate.
    func include(_ gate: UpstreamGate) {
        registry.register(
            gauge: "julesd_upstream_budget_remaining", "Requests left to users within UPSTREAM_BUDGET at present."
        ) { Double(gate.remaining(for: .user)) }
    }

    /// Adds the metrics of the queue.
    func include(_ queue: TaskQueue) {
        registry.register {
            let counts = try? await queue.counts()
            let samples = counts.map { counts in
                QueueEntry.State.allCases.map {
                    MetricSample([.init("state", $0.rawValue)], Double(counts[$0, default: 0]))
                }
            }
            let help = "Tasks in the queue, by state; ended ones of the last day only."
            return [MetricFamily("julesd_queue_entries", help, .gauge, samples ?? [])]
        }
        registry.register(gauge: "julesd_queue_held", "1 while Jules's refusals or failures hold the queue, else 0.") {
            queue.held == nil ? 0 : 1
        }
        registry.register {
            let quota = try? await queue.quota()
            return [
                MetricFamily(
                    "julesd_tasks_limit", "TASKS_PER_DAY (day) and TASKS_AT_ONCE (now); 0 is no limit.", .gauge,
                    quota.map { MetricSample.tasks(day: $0.limits.perDay, now: $0.limits.atOnce) } ?? []),
                MetricFamily(
                    "julesd_tasks_used", "Sessions created within 24 h (day), and sessions that run (now).", .gauge,
                    quota.map { MetricSample.tasks(day: $0.usage.created.count, now: $0.usage.atOnce) } ?? []),
            ]
        }
    }

    /// Adds the metric of the instances that share a store.
    func include(_ instances: Instances) {
        registry.register(gauge: "julesd_leader", "1 if this instance leads, else 0.") { instances.isLeading ? 1 : 0 }
    }

    /// Adds the metrics of the server.
    func include(_ server: HTTPServer) {
        // `weak`, because the server's answers come from this registry: a strong reference would be a cycle.
        registry.register(gauge: "julesd_websocket_connections", "WebSocket clients connected.") { [weak server] in
            server.map { Double($0.webSocketCount) }
        }
        registry.register(gauge: "julesd_sse_connections", "Clients connected to an event stream.") { [weak server] in
            server.map { Double($0.eventStreamCount) }
        }
    }
}

extension Metrics {
    /// Counts an answered request.
    func note(_ method: HTTPMethod, _ template: String, _ status: HTTPResponseStatus, took: Duration) {
        requests.add(RequestLabels(method: method, template: template, status: status))
        requestDuration.observe(took, RouteLabel(template: template))
        if status == .internalServerError { errors.add(.internal) }
    }

    /// Counts an answer that the server gave itself, perhaps to bytes that are no request.
    func note(refusal status: HTTPResponseStatus) {
        requests.add(RequestLabels(method: .RAW(value: ""), template: "unknown", status: status))
    }

    /// Counts a request refused because of RATE_LIMIT.
    func noteRateLimited() { rateLimited.add(.client) }

    /// Counts a request to `/mcp`.
    ///
    /// - Parameter tool: one of a bounded set of names.
    @Sendable func noteMCP(_ tool: String) { agentRequests.add(AgentRequestLabels(tool: tool)) }

    /// Counts a request to the API.
    func note(_ operation: JulesAPI.Operation, _ result: Result<Void, UpstreamError>, took: Duration) {
        upstreamRequests.add(UpstreamLabels(operation: operation, result))
        upstreamDuration.observe(took, operation)
        guard case .failure(let error) = result else { return }
        if let type = ErrorType(error) { errors.add(type) }
        if case .throttled = error { rateLimited.add(.upstream) }
    }

    /// Counts a committed change set.
    func note(_ set: ChangeSet) {
        for delta in set.deltas { deltas.add(delta.change) }
    }

    /// Counts results of webhook deliveries.
    func note(_ result: DeliveryResult, count: Int) {
        for _ in 0..<count { deliveries.add(result) }
    }

    /// Counts a decision of a rule when it is made, and again when it ends.
    @Sendable func note(_ decision: Decision) {
        decisions.add(DecisionLabels(rule: decision.rule, action: decision.action, state: decision.state))
    }

    /// Observes how long a change set took until it was written to all clients.
    func noteDelivered(_ set: ChangeSet) {
        if let answered = set.answered { deltaLatency.observe(.monotonic - answered, NoLabels()) }
    }
}

extension MetricSample {
    fileprivate static let build = MetricSample([.init("version", programVersion), .init("arch", architecture)], 1)

    private static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "aarch64"
        #else
            "other"
        #endif
    }

    /// All states in `counts`, and the known states without a session as 0.
    fileprivate static func sessions(_ counts: [SessionState: Int]) -> [MetricSample] {
        var byLabel = Dictionary(uniqueKeysWithValues: SessionState.known.map { ($0.name, 0) })
        for (state, count) in counts { byLabel[state.metricLabel, default: 0] += count }
        return byLabel.sorted { $0.key < $1.key }.map { MetricSample([.init("state", $0.key)], Double($0.value)) }
    }

    fileprivate static func tasks(day: Int, now: Int) -> [MetricSample] {
        [MetricSample([.init("span", "day")], Double(day)), MetricSample([.init("span", "now")], Double(now))]
    }

    /// All reasons; those without a waiting session as 0.
    fileprivate static func inbox(_ counts: [AttentionReason: Int]) -> [MetricSample] {
        AttentionReason.allCases.map { MetricSample([.init("reason", $0.rawValue)], Double(counts[$0, default: 0])) }
    }
}
