// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// All endpoints that are set, each with a courier of its own, so that none waits for another.
final class Webhooks: Sendable {
    let outbox: Outbox
    private let client: HTTPClient
    private let noted: @Sendable (DeliveryResult, Int) -> Void
    private let logger: Logger
    private let couriers = Mutex<[Int64: Courier]>([:])
    private let newcomers = AsyncStream.makeStream(of: Courier.self)

    /// - Parameters:
    ///   - settings: certificates and proxy, which stay as they are.
    ///   - noted: told what became of deliveries, and of how many.
    init(
        log: ChangeLog, settings: Settings, noted: @escaping @Sendable (DeliveryResult, Int) -> Void = { _, _ in },
        logger: Logger
    ) {
        outbox = Outbox(log: log)
        self.noted = noted
        self.logger = logger
        client = HTTPClient(
            caFile: settings.caFile, proxy: settings.httpsProxy?.reveal(),
            // An endpoint on this machine is reached without a proxy.
            noProxy: [settings.noProxy, "localhost", "127.0.0.0/8", "::1"].compactMap(\.self).joined(separator: ","),
            userAgent: "julesd/\(julesdVersion)",
            // Never what decides: each courier has its own limit, and two endpoints of one host must not wait for each other.
            maxConnectionsPerHost: 1024)
    }

    /// Makes the endpoints of `settings` the ones that are served. An endpoint that answered 410 is tried anew.
    func adopt(_ settings: Settings) async throws {
        let webhooks = settings.webhooks
        let registration = try await outbox.register(webhooks.map(\.url), events: settings.notifyEvents, at: .now)
        if registration.abandoned > 0 {
            noted(.dead, registration.abandoned)
            logger.event(
                .deliveryDead, level: .warning,
                "\(registration.abandoned) deliveries are dead unless their endpoints come back: they are not in NOTIFY_WEBHOOK any more"
            )
        }
        let retired = couriers.withLock { couriers in
            let retired = couriers.filter { !registration.numbers.contains($0.key) }
            for number in retired.keys { couriers[number] = nil }
            for (webhook, number) in zip(webhooks, registration.numbers) {
                if let courier = couriers[number] {
                    courier.configure(webhook, secrets: settings.webhookSecrets)
                } else {
                    let courier = courier(for: webhook, number, settings)
                    couriers[number] = courier
                    newcomers.continuation.yield(courier)
                }
            }
            return retired.values
        }
        for courier in retired { courier.retire() }
        wake()
    }

    private func courier(for webhook: Webhook, _ endpoint: Int64, _ settings: Settings) -> Courier {
        Courier(
            webhook, endpoint: endpoint, secrets: settings.webhookSecrets, outbox: outbox, client: client, noted: noted,
            logger: logger)
    }

    /// Delivers until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await courier in newcomers.stream { group.addTask { await courier.run() } }
        }
        client.shutdown()
    }

    /// Something may be due; called after commits, on the writer's thread too. Waits for nothing.
    func wake() {
        for courier in couriers.withLock({ Array($0.values) }) { courier.wake() }
    }

    /// Takes note of a change set that has committed.
    func note(_ set: ChangeSet) {
        wake()
        guard set.lostDeliveries > 0 else { return }
        noted(.dead, set.lostDeliveries)
        logger.event(
            .deliveryDead, level: .warning,
            "\(set.lostDeliveries) deliveries are lost: without PERSIST=1 only the newest deltas are kept, and these were not taken in time"
        )
    }
}
