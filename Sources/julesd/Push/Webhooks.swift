// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization
import Wording

/// All endpoints that are set, each with a worker of its own, so that none waits for another.
final class Webhooks: Sendable {
    let outbox: Outbox
    private let client: HTTPClient
    private let onResult: @Sendable (DeliveryResult, Int) -> Void
    private let logger: Logger
    private let workers = Mutex<[Int64: DeliveryWorker]>([:])
    private let newcomers = AsyncStream.makeStream(of: DeliveryWorker.self)

    /// - Parameters:
    ///   - settings: certificates and proxy, which stay as they are.
    ///   - onResult: told what became of deliveries, and of how many.
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
            // Never what decides: each worker has its own limit, and two endpoints of one host must not wait for each other.
            maxConnectionsPerHost: 1024)
    }

    /// Makes the endpoints of `settings` the ones that are served. An endpoint that answered 410 is tried anew.
    ///
    /// - Throws: if the store fails: then nothing is begun any more for an endpoint that is not among them, and new ones wait.
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
                    newcomers.continuation.yield(worker)
                }
            }
        }
        wake()
    }

    /// Whoever must not be told any more is told nothing from now on, whether or not the store can take note of it.
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

    /// Delivers until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await worker in newcomers.stream { group.addTask { await worker.run() } }
        }
        client.shutdown()
    }

    /// Something may be due; called after commits, on the writer's thread too. Waits for nothing.
    func wake() {
        for worker in workers.withLock({ Array($0.values) }) { worker.wake() }
    }

    /// Takes note of a change set that has committed.
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
