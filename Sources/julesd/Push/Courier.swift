// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Sends one endpoint its deliveries: each when it falls due, a few at a time, those of one session one after the other.
final class Courier: Sendable {
    /// Attempts under way at once.
    static let concurrency = 4
    /// How long to leave a store alone that has failed.
    static let storagePause = Duration.seconds(10)

    /// The endpoint's number in the store.
    let endpoint: Int64
    private let outbox: Outbox
    private let client: HTTPClient
    private let noted: @Sendable (DeliveryResult, Int) -> Void
    private let logger: Logger
    private let alarm = Alarm()
    private let state: Mutex<State>

    private struct State {
        var webhook: Webhook
        var secrets: [SigningSecret]
        /// The sessions of which a delivery is under way.
        var busy: Set<String> = []
        /// Set by an answer 429 with Retry-After, which speaks for the endpoint and not for the one delivery.
        var pausedUntil: Timestamp?
        /// The last attempt failed.
        var isFailing = false
        var isRetired = false
    }

    /// - Parameter noted: told what became of deliveries, and of how many.
    init(
        _ webhook: Webhook, endpoint: Int64, secrets: [SigningSecret], outbox: Outbox, client: HTTPClient,
        noted: @escaping @Sendable (DeliveryResult, Int) -> Void, logger: Logger
    ) {
        self.endpoint = endpoint
        self.outbox = outbox
        self.client = client
        self.noted = noted
        self.logger = logger
        state = Mutex(State(webhook: webhook, secrets: secrets))
    }

    /// Takes another format and other secrets from the next attempt on; whatever an endpoint asked for is forgotten.
    func configure(_ webhook: Webhook, secrets: [SigningSecret]) {
        state.withLock { state in
            state.webhook = webhook
            state.secrets = secrets
            state.pausedUntil = nil
        }
    }

    /// Something may be due. Returns at once.
    func wake() { alarm.ring() }

    /// Begins nothing more; what is under way ends.
    func retire() {
        state.withLock { $0.isRetired = true }
        alarm.ring()
    }

    /// Works until retired or cancelled. What a cancellation cuts off stays pending.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled, !state.withLock(\.isRetired) {
                _ = await alarm.sleep(await beginWhatIsDue(in: &group))
            }
        }
    }

    /// Begins as many attempts as there is room for, and answers how long to wait for the next one.
    private func beginWhatIsDue(in group: inout DiscardingTaskGroup) async -> Duration {
        // An hour: the time of day may be set while this sleeps.
        let longest = Duration.seconds(3600)
        let now = Timestamp.now
        let (running, pausedUntil) = state.withLock { ($0.busy.count, $0.pausedUntil) }
        if let pausedUntil, pausedUntil > now { return min(pausedUntil.duration(since: now), longest) }
        do {
            if running < Self.concurrency {
                // Those under way are still due.
                for delivery in try await outbox.due(for: endpoint, at: now, limit: Self.concurrency + running)
                where begin(delivery) {
                    group.addTask { await self.attempt(delivery) }
                }
            }
            guard let next = try await outbox.nextDue(for: endpoint, after: now) else { return longest }
            return min(max(next.duration(since: .now), .zero), longest)
        } catch {
            // The log has told of it already.
            return Self.storagePause
        }
    }

    private func begin(_ delivery: DueDelivery) -> Bool {
        state.withLock { state in
            state.busy.count < Self.concurrency && state.busy.insert(delivery.sessionID).inserted
        }
    }

    private func attempt(_ delivery: DueDelivery) async {
        let (webhook, secrets) = state.withLock { ($0.webhook, $0.secrets) }
        let request = WebhookRequest(
            id: delivery.id, timestamp: Timestamp.now.milliseconds / 1000,
            content: WebhookContent(delta: delivery.body, format: webhook.format)
        ).request(to: webhook.url, secrets: secrets)
        let answer: Result<ClientResponse, TransportError>
        do throws(TransportError) { answer = .success(try await client.send(request)) } catch {
            answer = .failure(error)
        }
        guard !Task.isCancelled else { return }
        do {
            try await note(DeliveryOutcome(answer), of: delivery, at: webhook.url)
        } catch {
            // The log has told of it. The delivery stays due: without a pause it would be sent again and again.
            try? await Task.sleep(for: Self.storagePause)
        }
        state.withLock { _ = $0.busy.remove(delivery.sessionID) }
        alarm.ring()
    }

    private func note(_ outcome: DeliveryOutcome, of delivery: DueDelivery, at url: WebhookURL) async throws {
        let now = Timestamp.now
        switch outcome {
        case .delivered(let status):
            try await outbox.noteDelivered(delivery, for: endpoint, status: status, at: now)
            noted(.delivered, 1)
            if turn(failing: false) { logger.event(.webhookBack, "\(url) takes deliveries again") }
        case .failed(let status, let reason, let retryAfter):
            let next = DeliverySchedule.next(
                failures: delivery.failures + 1, began: delivery.began, retryAfter: retryAfter, now: now,
                random: .random(in: 0...1))
            if status == 429, retryAfter != nil { state.withLock { $0.pausedUntil = next } }
            try await outbox.noteFailed(
                delivery, for: endpoint, status: status, reason: reason, next: next, at: now)
            noted(next == nil ? .dead : .failed, 1)
            if turn(failing: true) {
                logger.event(.webhookFailing, level: .warning, "\(url) takes no deliveries: \(reason); trying again")
            }
            guard next == nil else { return }
            logger.event(
                .deliveryDead, level: .warning, "delivery \(delivery.id) to \(url) is dead: \(reason)",
                metadata: ["sessionId": "\(delivery.sessionID)"])
        case .gone:
            guard let count = try await outbox.noteGone(delivery, for: endpoint) else { return }
            noted(.dead, count)
            logger.event(
                .endpointDisabled, level: .warning,
                "\(url) answered 410 Gone: it is sent nothing more until a reload or restart; dead deliveries: \(count)"
            )
        }
    }

    /// True where this is news.
    private func turn(failing: Bool) -> Bool {
        state.withLock { state in
            defer { state.isFailing = failing }
            return state.isFailing != failing
        }
    }
}

/// What became of an attempt, or of a delivery without one.
enum DeliveryResult: String, Sendable, CaseIterable {
    case delivered
    /// To be tried again.
    case failed
    case dead
}
