// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Decides which task begins next, and when to look again. It reads no clock and asks nobody.
struct QueueSchedule: Sendable, Equatable {
    /// What to do now.
    enum Step: Sendable, Equatable {
        /// Nothing waits.
        case idle
        /// Nothing can begin for so long, unless something changes meanwhile.
        case wait(Duration)
        /// Asks the API for the session of this entry.
        case start(String)
        /// Looks whether this entry has its session already, and asks for none.
        case look(String)
    }

    /// How an attempt to begin a task ended.
    enum Outcome: Sendable, Equatable {
        case started
        /// Jules takes no task for now, and does not say why: its limits, the repository, the task's form.
        case refused(String, retryAfter: Duration?, mayHaveStarted: Bool)
        /// Jules does not serve us, or nobody knows what it did.
        case trouble(String, mayHaveStarted: Bool)
        /// This task cannot be begun at all.
        case impossible(String)
    }

    /// What becomes of an entry after an attempt.
    enum Verdict: Sendable, Equatable {
        /// - Parameter instead: the entry that Jules refused at the same moment.
        case started(instead: String?)
        case waits(String)
        case fails(String)
    }

    /// A pause of the whole queue.
    struct Hold: Sendable, Equatable {
        var reason: String
        /// By the clock that nobody sets.
        var until: Duration
        /// Refusals and failures in a row.
        var count: Int
        /// Whether it is for Jules's refusal, of which people are told.
        var isRefusal: Bool
    }

    private(set) var hold: Hold?
    /// The entry that was refused twice in a row. The next attempt is another repository's: if that one is taken, the limits were not
    /// the reason.
    private var suspect: String?
    private var lastLook: Duration?
    /// When entries of which nobody knows whether they have begun were first looked for in vain.
    private var missing: [String: Duration] = [:]

    /// The pauses after refusals in a row; the last one stays.
    static let pauses: [Duration] = [.seconds(60), .seconds(120), .seconds(300), .seconds(600)]
    /// The pause after Jules did not serve us.
    static let troublePause = Duration.seconds(30)
    /// The longest pause while something waits.
    static let longestPause = Duration.seconds(60)
    /// A task is given up when Jules refuses it once more after it has taken so many others in its place.
    static let mostRefusals = 3

    /// What to do now.
    ///
    /// - Parameters:
    ///   - entries: those that wait, in the order of the queue.
    ///   - now: the time by which sessions count as the day's.
    ///   - elapsed: the time by a clock that nobody sets.
    mutating func step(
        _ entries: [QueueEntry], _ quota: TaskQuota, at now: Timestamp, elapsed: Duration
    ) -> Step {
        guard !entries.isEmpty else { return .idle }
        // What Jules may have begun already comes first: nothing like it may begin before that is clear.
        var order = entries.filter(\.isUncertain) + entries.filter { !$0.isUncertain }
        var pause = Self.longestPause
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
        // Its own session may be what fills the account, or its repository.
        if let entry = order.first(where: \.isUncertain),
            lastLook.map({ elapsed - $0 >= Self.longestPause }) ?? true
        {
            lastLook = elapsed
            return .look(entry.id)
        }
        if let next = quota.nextFree { pause = min(pause, max(next.duration(since: now), .milliseconds(100))) }
        return .wait(pause)
    }

    /// Notes that looking for an entry's session has found nothing; true once it is certain that there is none.
    mutating func noteMissing(_ id: String, elapsed: Duration) -> Bool {
        let first = missing[id] ?? elapsed
        let isCertain = elapsed - first > RequestAttempt.longestDelay + RequestAttempt.clockError
        missing[id] = isCertain ? nil : first
        return isCertain
    }

    /// Notes how an attempt ended, and decides what becomes of the entry.
    mutating func note(_ outcome: Outcome, of entry: QueueEntry, elapsed: Duration) -> Verdict {
        missing[entry.id] = nil
        switch outcome {
        case .started:
            let refused = suspect == entry.id ? nil : suspect
            (hold, suspect) = (nil, nil)
            return .started(instead: refused)
        case .impossible(let reason):
            if suspect == entry.id { suspect = nil }
            return .fails(reason)
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

    /// - Parameter entry: the one whose fault it may be.
    private mutating func holdOn(
        _ reason: String, for pause: Duration, isRefusal: Bool, _ elapsed: Duration, _ entry: QueueEntry?
    ) {
        // Another repository's task has fared no better during the same pause: it is nobody's fault.
        if let hold, elapsed < hold.until { return suspect = nil }
        let count = (hold?.count ?? 0) + 1
        hold = Hold(
            reason: reason, until: elapsed + pause, count: count, isRefusal: isRefusal || hold?.isRefusal == true)
        suspect = count < 2 ? nil : entry?.id
    }
}
