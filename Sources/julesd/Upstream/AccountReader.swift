// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Reads the whole account: first as the baseline, later to find what the newest page does not show.
struct AccountReader: Sendable {
    let list: SessionList
    let recorder: SessionRecorder
    let direct: DirectReader
    let unreadable: UnreadableSessions
    /// Called with the ids of the sessions whose text is new.
    let onChange: @Sendable (Set<String>) -> Void
    /// Woken if sessions may have been missed.
    let signal: WakeSignal
    /// The time between two reads.
    let interval: Duration
    /// The first pause after a failure.
    let retry: Duration
    let logger: Logger

    /// A list with more pages is assumed never to end.
    static let maximumPages = 2000
    /// How long to wait after the store has failed.
    static let storagePause = Duration.seconds(10)

    /// Fills an empty store, however long the API takes to answer. Returns `false` if that has been done before.
    ///
    /// - Parameter alive: called before each step with the longest time that it may take.
    func readFirst(alive: @Sendable (Duration) -> Void) async -> Bool {
        await keepTrying(alive) {
            guard try await !recorder.store.hasBaseline() else { return false }
            logger.info("reading the whole account for the first time")
            let seen = try await walk(as: .baseline, for: .poll, alive)
            try await recorder.store.markBaseline()
            logger.info("the account has been read", metadata: ["sessions": .stringConvertible(seen.count)])
            return true
        } ?? false
    }

    /// Reads everything again every hour, and as soon as sessions may have been missed, until the task is cancelled.
    ///
    /// - Parameter atOnce: whether the store is from an earlier run. The daemon does not know what happened while it was off.
    func run(atOnce: Bool) async {
        if atOnce { signal.wake() }
        while !Task.isCancelled {
            _ = await signal.sleep(interval)
            _ = await keepTrying({ _ in }, readAgain)
        }
    }

    /// Reads everything again, then reads directly each known session that the list did not show.
    private func readAgain() async throws {
        unreadable.forgetAll()
        let known = try await recorder.store.sessionIDs(createdAfter: nil, includingArchived: true)
        let seen = try await walk(as: .live, for: .background, { _ in })
        var cadence = PollCadence(base: retry)
        for id in known.subtracting(seen) {
            do {
                try await direct.read(id, for: .background)
                cadence = PollCadence(base: retry)
            } catch let error as UpstreamError {
                // If a session cannot be read, the others are read all the same, and the next read of the account tries it
                // again.
                logger.info("a session is not read: \(error)", metadata: ["sessionId": "\(id)"])
                guard direct.requests.gate.health.status.trouble != nil else { continue }
                try await Task.sleep(for: cadence.pause(after: .failed(error)))
            }
        }
    }

    /// Reads every page. If a page fails, it is requested again after longer and longer pauses.
    private func walk(
        as reading: SessionStore.Reading, for purpose: RequestBudget.Purpose, _ alive: @Sendable (Duration) -> Void
    ) async throws -> Set<String> {
        var seen: Set<String> = []
        var tokens = PageTokens(maximum: Self.maximumPages)
        var cadence = PollCadence(base: retry)
        while true {
            try Task.checkCancellation()
            let page: SessionList.Page
            do throws(UpstreamError) {
                alive(PollCadence.patience + list.longestPage)
                page = try await list.page(tokens.current, for: purpose, patience: PollCadence.patience)
            } catch {
                if case .refused = error { tokens = PageTokens(maximum: Self.maximumPages) }
                let pause = cadence.pause(after: .failed(error))
                alive(pause)
                try await Task.sleep(for: pause)
                continue
            }
            alive(.zero)
            let listed = try await recorder.record(page, as: reading)
            onChange(listed.changed)
            seen.formUnion(listed.ids)
            switch tokens.advance(to: page.list.nextPageToken) {
            case .page: cadence = PollCadence(base: retry)
            case .end: return seen
            case .loop:
                logger.warning("the API's list of sessions repeats itself; stopped after \(tokens.count) pages")
                return seen
            }
        }
    }

    /// Repeats `step` until it succeeds. Returns `nil` if the task is cancelled.
    private func keepTrying<Value>(
        _ alive: @Sendable (Duration) -> Void, _ step: () async throws -> Value
    ) async -> Value? {
        while !Task.isCancelled {
            do { return try await step() } catch is CancellationError { return nil } catch {
                if !(error is any StorageError) {
                    logger.event(.storageTrouble, level: .error, "the account cannot be read: \(error)")
                }
                alive(Self.storagePause)
                try? await Task.sleep(for: Self.storagePause)
            }
        }
        return nil
    }
}

/// The page tokens of one read, so that a list that repeats itself ends.
struct PageTokens {
    enum Step: Equatable {
        case page, end, loop
    }

    let maximum: Int
    private(set) var current: String?
    private(set) var count = 1
    private var seen: Set<String> = []

    init(maximum: Int) { self.maximum = maximum }

    /// Advances to the page that the last one named.
    mutating func advance(to token: String?) -> Step {
        guard let token else { return .end }
        guard seen.insert(token).inserted, count < maximum else { return .loop }
        current = token
        count += 1
        return .page
    }
}
