// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Reads the whole account: once as the baseline, then every hour to catch what the newest page does not show.
struct AccountWalk: Sendable {
    let list: SessionList
    let recorder: SessionRecorder
    let direct: DirectReader
    /// Given the ids of the sessions whose text turned out new.
    let moved: @Sendable (Set<String>) -> Void
    /// The first pause after a failure.
    var retry = Duration.seconds(1)
    let logger: Logger

    /// A list that goes on for longer is taken for one that never ends.
    static let maximumPages = 2000

    /// Fills an empty store, however long the API takes to answer; returns at once where that has been done before.
    func readBaseline(beat: @Sendable () -> Void) async throws {
        guard try await !recorder.log.hasBaseline() else { return }
        logger.info("reading the whole account for the first time")
        let seen = try await walk(as: .baseline, for: .poll, beat: beat)
        try await recorder.log.markBaseline()
        logger.info("the account has been read", metadata: ["sessions": .stringConvertible(seen.count)])
    }

    /// Reads everything again, then asks directly for each known session that the list did not show.
    func readAgain() async throws {
        let known = try await recorder.log.sessionIDs(createdAfter: nil, includingArchived: true)
        let seen = try await walk(as: .live, for: .background, beat: {})
        var cadence = PollCadence(base: retry)
        for id in known.subtracting(seen) {
            do {
                try await direct.read(id, for: .background)
                cadence = PollCadence(base: retry)
            } catch let error as UpstreamError {
                // One that cannot be read keeps nobody from the others, and its turn comes again with the next walk.
                logger.info("a session is not read: \(error)", metadata: ["sessionId": "\(id)"])
                try await Task.sleep(for: cadence.pause(after: .failed(error)))
            }
        }
    }

    /// Reads every page; a page that fails is asked for again, ever more slowly.
    private func walk(
        as reading: ChangeLog.Reading, for purpose: RequestBudget.Purpose, beat: @Sendable () -> Void
    ) async throws -> Set<String> {
        var seen: Set<String> = []
        var tokens = PageTokens(maximum: Self.maximumPages)
        var cadence = PollCadence(base: retry)
        while true {
            try Task.checkCancellation()
            beat()
            let page: SessionList.Page
            do throws(UpstreamError) {
                page = try await list.page(tokens.current, for: purpose, patience: PollCadence.beat)
            } catch {
                if case .refused = error { tokens = PageTokens(maximum: Self.maximumPages) }
                try await rest(cadence.pause(after: .failed(error)), beat: beat)
                continue
            }
            moved(try await recorder.record(page, as: reading))
            seen.formUnion(page.sessions.map(\.id))
            switch tokens.advance(to: page.nextPageToken) {
            case .page: cadence = PollCadence(base: retry)
            case .end: return seen
            case .loop:
                logger.warning("the API's list of sessions repeats itself; stopped after \(tokens.count) pages")
                return seen
            }
        }
    }
}

extension AccountWalk {
    /// Waits in pieces, each of which shows the watchdog that somebody is alive.
    private func rest(_ pause: Duration, beat: @Sendable () -> Void) async throws {
        var rest = pause
        while rest > .zero {
            beat()
            try await Task.sleep(for: min(rest, PollCadence.beat))
            rest -= PollCadence.beat
        }
    }
}

/// The page tokens of one walk, so that a list that repeats itself ends all the same.
struct PageTokens {
    enum Step: Equatable {
        case page, end, loop
    }

    let maximum: Int
    private(set) var current: String?
    private(set) var count = 1
    private var seen: Set<String> = []

    init(maximum: Int) { self.maximum = maximum }

    /// Goes on to the page that the last one named.
    mutating func advance(to token: String?) -> Step {
        guard let token else { return .end }
        guard seen.insert(token).inserted, count < maximum else { return .loop }
        current = token
        count += 1
        return .page
    }
}
