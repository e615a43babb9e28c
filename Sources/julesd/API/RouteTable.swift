// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// All routes of the daemon. `Description/openapi.json` describes each of them.
struct RouteTable: Sendable {
    let store: SessionStore
    let instances: Instances
    let upstream: Upstream
    let feed: ChangeFeed
    let webhooks: Webhooks
    let queue: TaskQueue
    let registry: MetricRegistry
    let startedAt: Timestamp
    /// The sessions that tools read repeatedly.
    let repeatedReads: RepeatedReads
    /// Whether MIRROR is set.
    var isMirroring: @Sendable () -> Bool = { true }
    /// What agents may do.
    var access: @Sendable () -> MCPAccess = { .full }
    /// Called with the tool of each agent's request.
    var counted: @Sendable (String) -> Void = { _ in }
    /// Called with each decision that a person has cancelled.
    var cancelled: @Sendable (Decision) async -> Void = { _ in }
    /// Called with each error in an agent's request that is a bug in the daemon.
    var failed: @Sendable (any Error) -> Void = { _ in }

    var routes: [Route] {
        HealthRoutes(probe: upstream.probe, health: upstream.health, instances: instances).routes
            + StatusRoutes(
                store: store, instances: instances, health: upstream.health, gate: upstream.gate, feed: feed,
                outbox: webhooks.outbox, startedAt: startedAt
            ).routes
            + BulkRoutes(store: store, actions: upstream.actions).routes
            + SessionRoutes(store: store, actions: upstream.actions, queue: queue).routes
            + QueueRoutes(queue: queue).routes
            + InboxRoutes(store: store).routes
            + FeedRoutes(store: store, feed: feed, follows: upstream.readFollowed).routes
            + DeliveryRoutes(webhooks: webhooks).routes
            + DecisionRoutes(store: store, cancelled: cancelled).routes
            + MCPRoutes(
                store: store, actions: upstream.actions, queue: queue, feed: feed, access: access, counted: counted,
                failed: failed
            ).routes
            + MirrorRoutes(
                mirror: Mirror(
                    store: store, actions: upstream.actions, reads: upstream.reads, repeated: repeatedReads,
                    retries: RetriedRequests(keyed: upstream.actions.keyed), follows: upstream.readFollowed),
                isOn: isMirroring
            ).routes
            + MetricsRoutes(registry: registry).routes
            + PageRoutes().routes
            + DescriptionRoutes().routes
    }
}
