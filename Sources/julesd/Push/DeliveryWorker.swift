// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Sends the deliveries of one endpoint: each when it is due and ``EndpointGate`` allows it.
final class DeliveryWorker: Sendable {
    /// How long to wait after the store has failed.
    static let storagePause = Duration.seconds(10)
    /// The longest sleep. The timer stops while the machine is suspended, but the clock of the waits does not.
    static let longestSleep = Duration.seconds(600)

    /// The endpoint's number in the store.
    let endpoint: Int64
    private let outbox: Outbox
    private let client: HTTPClient
    private let onResult: @Sendable (DeliveryResult, Int) -> Void
    private let logger: Logger
    private let signal = WakeSignal()
    private let state: Mutex<State>

    /// The URL that gets the deliveries.
    var url: WebhookURL { state.withLock(\.webhook.url) }

    private struct State {
        var webhook: Webhook
        var secrets: [SigningSecret]
        var gate: EndpointGate
        /// Whether the last attempt failed.
        var isFailing = false
        var isRetired = false
    }

    /// - Parameter onResult: called with each result, and the number of deliveries that have it.
    init(
        _ webhook: Webhook, endpoint: Int64, secrets: [SigningSecret], outbox: Outbox, client: HTTPClient,
        onResult: @escaping @Sendable (DeliveryResult, Int) -> Void, logger: Logger
    ) {
        self.endpoint = endpoint
        self.outbox = outbox
        self.client = client
        self.onResult = onResult
        self.logger = logger
        state = Mutex(
            State(webhook: webhook, secrets: secrets, gate: EndpointGate(spacing: webhook.format.spacing)))
    }

    /// Uses another format and other secrets from the next attempt on. The pace that the endpoint asked for is forgotten.
    func configure(_ webhook: Webhook, secrets: [SigningSecret]) {
        state.withLock { state in
            state.webhook = webhook
            state.secrets = secrets
            state.gate = state.gate.forgetting(spacing: webhook.format.spacing)
        }
    }

    /// Something may be due. Returns at once.
    func wake() { signal.wake() }

    /// Begins no more attempts; those in progress end by themselves.
    func retire() {
        state.withLock { $0.isRetired = true }
        signal.wake()
    }

    /// Runs until retired or cancelled. An attempt that a cancellation interrupts stays pending.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled, !state.withLock(\.isRetired) {
                let pause = await beginWhatIsDue(in: &group)
                _ = await signal.sleep(min(max(pause, .zero), Self.longestSleep))
            }
        }
    }

    /// Begins as many attempts as the gate allows. Returns how long to wait for the next one.
    private func beginWhatIsDue(in group: inout DiscardingTaskGroup) async -> Duration {
        let now = outbox.clock.now
        do {
            // Deliveries in progress are still due.
            let limit = EndpointGate.concurrency + state.withLock(\.gate.count)
            for delivery in try await outbox.due(for: endpoint, at: now, limit: limit) {
                switch state.withLock({ $0.gate.begin(delivery.sessionID, at: now) }) {
                case .begin: group.addTask { await self.attempt(delivery) }
                case .busy: continue
                case .held(let until): return until.duration(since: now)
                }
            }
            // The end of an attempt wakes this worker.
            guard let next = try await outbox.nextDue(for: endpoint, after: now) else { return Self.longestSleep }
            return next.duration(since: outbox.clock.now)
        } catch {
            // The store has already reported the error.
            return Self.storagePause
        }
    }

    private func attempt(_ delivery: DueDelivery) async {
        let (webhook, secrets) = state.withLock { ($0.webhook, $0.secrets) }
        let request = WebhookRequest(
            id: delivery.id, timestamp: Timestamp.now.milliseconds / 1000,
            content: WebhookContent(delta: delivery.body, format: webhook.format, publicURL: webhook.publicURL)
        ).request(to: webhook.url, secrets: secrets)
        let answer: Result<ClientResponse, TransportError>
        do throws(TransportError) { answer = .success(try await client.send(request)) } catch {
            answer = .failure(error)
        }
        guard !Task.isCancelled else { return state.withLock { $0.gate.release(delivery.sessionID) } }
        do {
            try await note(DeliveryOutcome(answer), of: delivery, at: webhook.url)
        } catch {
            // The store has reported the error. The delivery stays due: without a pause it would be sent again and again.
            try? await Task.sleep(for: Self.storagePause)
        }
        state.withLock { $0.gate.release(delivery.sessionID) }
        signal.wake()
    }

    private func note(_ outcome: DeliveryOutcome, of delivery: DueDelivery, at url: WebhookURL) async throws {
        let now = outbox.clock.now
        let gate = state.withLock { state in
            state.gate.note(outcome, of: delivery.sessionID, at: now)
            return state.gate
        }
        switch outcome {
        case .delivered(let status, _):
            try await outbox.noteDelivered(delivery, for: endpoint, status: status)
            onResult(.delivered, 1)
            if turn(failing: false) { logger.event(.webhookBack, "\(url) takes deliveries again") }
        case .gone:
            guard let count = try await outbox.noteGone(delivery, for: endpoint) else { return }
            onResult(.dead, count)
            logger.event(
                .endpointDisabled, level: .warning,
                "\(url) answered 410 Gone: it is sent nothing more until a reload or restart; dead deliveries: \(count)"
            )
        case .throttled, .refused, .failed:
            let failure = DeliverySchedule.next(
                after: outcome, of: delivery, heldUntil: gate.heldUntil ?? now, now: now, random: .random(in: 0...1))
            guard let failure else { return }
            try await outbox.note(failure, of: delivery, for: endpoint)
            tell(failure, of: delivery, at: url, isThrottled: gate.isThrottled)
        }
    }

    private func tell(_ failure: DeliveryFailure, of delivery: DueDelivery, at url: WebhookURL, isThrottled: Bool) {
        // A refused delivery says nothing about the others, and a short pause is no failure.
        if failure.kind == .failed || (failure.kind == .throttled && isThrottled), turn(failing: true) {
            logger.event(
                .webhookFailing, level: .warning, "\(url) takes no deliveries: \(failure.reason); trying again")
        }
        guard case .dead(let end) = failure.next else { return onResult(.failed, 1) }
        onResult(.dead, 1)
        let why =
            end == .refused ? "refused \(DeliverySchedule.refusals) times, last \(failure.reason)" : failure.reason
        logger.event(
            .deliveryDead, level: .warning, "delivery \(delivery.id) to \(url) is dead: \(why)",
            metadata: ["sessionId": "\(delivery.sessionID)"])
    }

    /// Records whether the endpoint fails. Returns whether that has changed.
    private func turn(failing: Bool) -> Bool {
        state.withLock { state in
            defer { state.isFailing = failing }
            return state.isFailing != failing
        }
    }
}

extension WebhookFormat {
    /// The least time between two messages, from the receiver's documentation.
    fileprivate var spacing: Duration {
        switch self {
        // <https://docs.slack.dev/apis/web-api/rate-limits>: one a second for each incoming webhook.
        case .slack: .seconds(1)
        case .delta, .ntfy, .discord: .zero
        }
    }
}

/// The result of an attempt, or of a delivery that ended without one.
enum DeliveryResult: String, Sendable, CaseIterable {
    case delivered
    /// The delivery is tried again.
    case failed
    case dead
}
