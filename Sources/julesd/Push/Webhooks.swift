// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization
import Wording

/// All endpoints in the settings, each with a worker of its own, so that none waits for another.
final class Webhooks: Sendable {
    let outbox: Outbox
    private let client: HTTPClient
    private let onResult: @Sendable (DeliveryResult, Int) -> Void
    private let logger: Logger
    private let workers = Mutex<[Int64: DeliveryWorker]>([:])
    /// Woken when a worker has been added.
    private let added = WakeSignal()

    /// - Parameters:
    ///   - settings: certificates and proxy. A reload does not change them.
    ///   - onResult: called with each result, and the number of deliveries that have it.
    init(
        store: SessionStore, settings: Settings,
        onResult: @escaping @Sendable (DeliveryResult, Int) -> Void = { _, _ in },
        logger: Logger
    ) {
        outbox = Outbox(store: store)
        self.onResult = onResult
        self.logger = logger
        client = HTTPClient(
            caFile: settings.caFile, proxies: settings.proxies,
            userAgent: "julesd/\(programVersion)",
            // Never reached: each worker has its own limit, and two endpoints of one host must not wait for each other.
            maxConnectionsPerHost: 1024)
    }

    /// Uses the endpoints of `settings` from now on. An endpoint that answered 410 is tried again.
    ///
    /// - Throws: if the store fails. Then nothing more is sent to an endpoint that was removed, and new endpoints wait.
    func apply(_ settings: Settings) async throws {
        let webhooks = settings.webhooks
        withdraw(allBut: webhooks.map(\.url))
        let registration = try await outbox.register(webhooks.map(\.url), events: settings.notifyEvents)
        if registration.abandoned > 0 {
            onResult(.dead, registration.abandoned)
            logger.event(
                .deliveryDead, level: .warning,
                "\(registration.abandoned) deliveries are dead unless their endpoints come back: they are not in NOTIFY_WEBHOOK any more"
            )
        }
        workers.withLock { workers in
            for (webhook, number) in zip(webhooks, registration.numbers) {
                if let worker = workers[number] {
                    worker.configure(webhook, secrets: settings.webhookSecrets)
                } else {
                    let worker = worker(for: webhook, number, settings)
                    workers[number] = worker
                }
            }
        }
        added.wake()
        wake()
    }

    /// A removed endpoint gets nothing from now on, also if the store cannot record the change.
    private func withdraw(allBut urls: [WebhookURL]) {
        let retired = workers.withLock { workers in
            let retired = workers.filter { !urls.contains($0.value.url) }
            for number in retired.keys { workers[number] = nil }
            return retired.values
        }
        for worker in retired { worker.retire() }
    }

    private func worker(for webhook: Webhook, _ endpoint: Int64, _ settings: Settings) -> DeliveryWorker {
        DeliveryWorker(
            webhook, endpoint: endpoint, secrets: settings.webhookSecrets, outbox: outbox, client: client,
            onResult: onResult,
            logger: logger)
    }

    /// Sends what is due, until cancelled. It can run again.
    func run() async {
        await withDiscardingTaskGroup { group in
            var running: Set<ObjectIdentifier> = []
            while !Task.isCancelled {
                let workers = workers.withLock { Array($0.values) }
                for worker in workers where running.insert(ObjectIdentifier(worker)).inserted {
                    group.addTask { await worker.run() }
                }
                running.formIntersection(workers.map(ObjectIdentifier.init))
                _ = await added.sleep(.seconds(3600))
            }
        }
    }

    /// Ends the connections to the endpoints, for good.
    func close() { client.shutdown() }

    /// Something may be due. Called after commits, also on the writer's thread. Never blocks.
    func wake() {
        for worker in workers.withLock({ Array($0.values) }) { worker.wake() }
    }

    /// Handles a change set that has committed.
    func note(_ set: ChangeSet) {
        wake()
        guard set.lostDeliveries > 0 else { return }
        onResult(.dead, set.lostDeliveries)
        logger.event(
            .deliveryDead, level: .warning,
            "\(set.lostDeliveries) deliveries are lost: without PERSIST=1 only the newest deltas are kept, and these were not taken in time"
        )
    }
}
