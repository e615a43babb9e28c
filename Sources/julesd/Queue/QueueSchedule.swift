// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Decides which task starts next, and when to check again. It reads no clock and makes no calls.
struct QueueSchedule: Sendable, Equatable {
    /// What to do next.
    enum Step: Sendable, Equatable {
        /// Nothing waits.
        case idle
        /// Nothing can start for this time, unless something changes.
        case wait(Duration)
        /// Ask the API for the session of this entry.
        case start(String)
        /// Search for the session of this entry, without asking for one.
        case look(String)
    }

    /// The result of an attempt to start a task.
    enum Outcome: Sendable, Equatable {
        case started
        /// Jules accepts no task at present, and does not say why. It may be the limits, the repository, or the form of the
        /// task.
        case refused(String, retryAfter: Duration?, mayHaveStarted: Bool)
        /// Jules does not serve us, or it is unknown what Jules did.
        case trouble(String, mayHaveStarted: Bool)
        /// This task cannot be started at all.
        case impossible(String)
        /// It is not wanted any more, and Jules was not asked.
        case withdrawn(String)
    }

    /// What follows from an attempt for its entry.
    enum Verdict: Sendable, Equatable {
        /// - Parameter instead: the entry that Jules refused before it accepted this one.
        case started(instead: String?)
        case waits(String)
        case fails(String)
        case cancelled(String)
    }

    /// A pause of the whole queue.
    struct Hold: Sendable, Equatable {
        var reason: String
        /// On the monotonic clock, which nobody can set.
        var until: Duration
        /// How many refusals and failures came in a row.
        var count: Int
        /// Whether the reason is a refusal by Jules, which is reported to people.
        var isRefusal: Bool
    }

    private(set) var hold: Hold?
    /// The entry that was refused twice in a row. The next attempt takes a task of another repository. If Jules accepts that
    /// one, the limits were not the reason.
    private var suspect: String?
    /// When each entry was last looked for.
    private var looks: [String: Duration] = [:]
    /// When the first search for the session of an uncertain entry found nothing, by entry.
    private var missing: [String: Duration] = [:]

    /// The pauses after refusals in a row. The last one repeats.
    static let pauses: [Duration] = [.seconds(60), .seconds(120), .seconds(300), .seconds(600)]
    /// The pause if Jules does not serve us.
    static let troublePause = Duration.seconds(30)
    /// The longest pause while an entry waits.
    static let longestPause = Duration.seconds(60)
    /// The pause between two looks for what may get its session yet.
    static let settlingPause = Duration.seconds(10)
    /// A task fails if Jules has accepted this many others instead of it, and refuses it once more.
    static let mostRefusals = 3

    /// Decides what to do now.
    ///
    /// - Parameters:
    ///   - entries: the waiting ones, in the order of the queue.
    ///   - now: the time for the limit of a day.
    ///   - elapsed: the time on a clock that nobody can set.
    mutating func step(
        _ entries: [QueueEntry], _ quota: TaskQuota, at now: Timestamp, elapsed: Duration
    ) -> Step {
        guard !entries.isEmpty else { return .idle }
        let settling = entries.filter { $0.canStillStart(at: now) }
        if let entry = settling.first(where: { isLookDue($0, after: Self.settlingPause, elapsed) }) {
            looks[entry.id] = elapsed
            return .look(entry.id)
        }
        // Entries that Jules may have started come first. A request is not repeated while it can still take effect.
        var order = entries.filter(\.isUncertain) + entries.filter { !$0.isUncertain }
        order.removeAll { $0.canStillStart(at: now) }
        var pause = settling.isEmpty ? Self.longestPause : Self.settlingPause
        if let hold, elapsed < hold.until {
            pause = min(pause, hold.until - elapsed)
            guard let suspect = entries.first(where: { $0.id == suspect }) else { return .wait(pause) }
            order.removeAll { $0.repository == suspect.repository }
        }
        let uncertain = entries.count(where: \.isUncertain)
        if let entry = order.first(where: { !quota.isFull($0.repository) }),
            !quota.isFull(besides: uncertain - (entry.isUncertain ? 1 : 0))
        {
            return .start(entry.id)
        }
        // The entry's own session may be what fills the account or the repository.
        if let entry = order.first(where: \.isUncertain), isLookDue(entry, after: Self.longestPause, elapsed) {
            looks[entry.id] = elapsed
            return .look(entry.id)
        }
        if let next = quota.nextFree { pause = min(pause, max(next.duration(since: now), .milliseconds(100))) }
        return .wait(pause)
    }

    private func isLookDue(_ entry: QueueEntry, after pause: Duration, _ elapsed: Duration) -> Bool {
        looks[entry.id].map { elapsed - $0 >= pause } ?? true
    }

    /// Notes that a search found no session for an entry. Returns whether it is certain now that there is none.
    mutating func noteMissing(_ id: String, elapsed: Duration) -> Bool {
        let first = missing[id] ?? elapsed
        let isCertain = elapsed - first > RequestAttempt.longestDelay + RequestAttempt.clockError
        missing[id] = isCertain ? nil : first
        return isCertain
    }

    /// Records the result of an attempt, and decides what follows for its entry.
    mutating func note(_ outcome: Outcome, of entry: QueueEntry, elapsed: Duration) -> Verdict {
        (missing[entry.id], looks[entry.id]) = (nil, nil)
        switch outcome {
        case .started:
            let refused = suspect == entry.id ? nil : suspect
            (hold, suspect) = (nil, nil)
            return .started(instead: refused)
        case .impossible(let reason):
            if suspect == entry.id { suspect = nil }
            return .fails(reason)
        case .withdrawn(let reason):
            if suspect == entry.id { suspect = nil }
            return .cancelled(reason)
        case .refused(let reason, _, true) where entry.refusals >= Self.mostRefusals,
            .trouble(let reason, true) where entry.refusals >= Self.mostRefusals:
            (hold, suspect) = (nil, nil)
            return .fails("Jules has taken other tasks \(entry.refusals) times, and not this one: \(reason)")
        case .refused(let reason, let retryAfter, let mayHaveStarted):
            let pause = retryAfter ?? Self.pauses[min(hold?.count ?? 0, Self.pauses.count - 1)]
            holdOn(reason, for: pause, isRefusal: true, elapsed, mayHaveStarted ? entry : nil)
            return .waits(reason)
        case .trouble(let reason, let mayHaveStarted):
            holdOn(reason, for: Self.troublePause, isRefusal: false, elapsed, mayHaveStarted ? entry : nil)
            return .waits(reason)
        }
    }

    /// - Parameter entry: the one that may be the cause.
    private mutating func holdOn(
        _ reason: String, for pause: Duration, isRefusal: Bool, _ elapsed: Duration, _ entry: QueueEntry?
    ) {
        // A task of another repository was refused during the same pause too, so no single task is the cause.
        if let hold, elapsed < hold.until { return suspect = nil }
        let count = (hold?.count ?? 0) + 1
        hold = Hold(
            reason: reason, until: elapsed + pause, count: count, isRefusal: isRefusal || hold?.isRefusal == true)
        suspect = count < 2 ? nil : entry?.id
    }
}
