// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Connects the parts that talk to the API.
struct Upstream: Sendable {
    let health: UpstreamHealth
    let gate: UpstreamGate
    let probe: UpstreamProbe
    let actions: SessionActions
    let reads: UpstreamReads
    let poller: Poller
    let stalls: StallDetector
    let account: AccountCheck
    /// The age of our copy.
    let reading: LastReading
    /// Ends the poller's pause early.
    let signal: WakeSignal
    private let interval: PollInterval
    private let walk: AccountReader
    private let followedReads: FollowedReads

    /// - Parameters:
    ///   - interval: POLL_INTERVAL.
    ///   - shared, claims: the budget and the claims of all instances; `nil` if there are no others.
    ///   - followed: the sessions whose activities are read every `interval`.
    ///   - watched: the sessions whose state is read every `interval`.
    ///   - onNewActivities: called with new activities of a session.
    ///   - alive: called before each step of the poller with the longest time that it may take.
    init(
        client: JulesClient, budget: Int, interval: Duration, store: SessionStore,
        shared: (any SharedBudget)? = nil, claims: (any KeyClaims)? = nil,
        times: UpstreamTimes = UpstreamTimes(),
        followed: @escaping @Sendable () -> Set<String> = { [] },
        watched: @escaping @Sendable () -> Set<String> = { [] },
        onNewActivities: @escaping @Sendable (_ session: String, [Activity]) -> Void,
        onTurn: @escaping @Sendable (UpstreamHealth.Turn) -> Void,
        alive: @escaping @Sendable (Duration) -> Void, logger: Logger
    ) {
        let signal = WakeSignal()
        let walkSignal = WakeSignal()
        let interval = PollInterval(interval)
        let health = UpstreamHealth(onTurn: onTurn)
        let gate = UpstreamGate(
            client: client, budget: budget, pollInterval: interval.current, shared: shared, health: health,
            refusalPause: times.refusalPause)
        let recorder = SessionRecorder(store: store, logger: logger)
        let requests = UserRequests(gate: gate, base: times.userRetry)
        let reader = ActivityReader(requests: requests, store: store, onNewActivities: onNewActivities)
        let unreadable = UnreadableSessions(health: health, logger: logger)
        let queue = ActivityQueue(reader: reader, unreadable: unreadable, retry: times.retry, logger: logger)
        let direct = DirectReader(requests: requests, recorder: recorder, onChange: queue.add)
        let list = SessionList(gate: gate, logger: logger)
        let recent = ReadCache<String, Void>()
        account = AccountCheck(list: list, store: store, interval: times.walkInterval, retry: times.retry)
        let reading = LastReading()
        self.reading = reading
        reads = UpstreamReads(requests: requests, list: list, recorder: recorder, onChange: queue.add)
        self.signal = signal
        self.interval = interval
        self.health = health
        self.gate = gate
        probe = UpstreamProbe(gate: gate, answered: signal.wake)
        let lookup = SessionLookup(
            store: store, direct: direct, activities: reader, recent: recent, interval: { interval.current })
        let reconciler = Reconciler(searchPauses: times.searchPauses, now: times.now ?? { store.wallNow })
        actions = SessionActions(
            requests: requests, lookup: lookup, recorder: recorder, reconciler: reconciler,
            keyed: KeyedRequests(reconciler: reconciler, store: store, claims: claims, repairPause: times.retry),
            claims: OutcomeClaims(),
            signal: signal)
        poller = Poller(
            list: list, recorder: recorder, direct: DirectReads(direct: direct, unreadable: unreadable),
            activities: queue, unreadable: unreadable, followed: { followed().union(watched()) },
            interval: { interval.current },
            ceiling: times.ceiling, signal: signal, reading: reading, missed: walkSignal.wake, alive: alive,
            logger: logger)
        walk = AccountReader(
            list: list, recorder: recorder, direct: direct, unreadable: unreadable, onChange: queue.add,
            signal: walkSignal, interval: times.walkInterval, retry: times.retry, logger: logger)
        stalls = StallDetector(store: store, direct: direct, reader: reader, unreadable: unreadable, logger: logger)
        followedReads = FollowedReads(
            reader: reader, recent: recent, followed: followed, interval: { interval.current }, signal: WakeSignal(),
            logger: logger)
    }

    /// POLL_INTERVAL.
    var pollInterval: Duration { interval.current }

    /// Reads the activities of sessions that a client has just begun to follow.
    func readFollowed() {
        followedReads.signal.wake()
        // While somebody follows, polls are fast too.
        signal.wake()
    }

    /// Reads the activities of sessions that clients follow, until the task is cancelled.
    func runFollowedReads() async { await followedReads.run() }

    /// Keeps our copy of the account up to date, with or without clients, until the task is cancelled. It can run again.
    func run() async {
        let isFresh = await walk.readFirst(alive: poller.alive)
        await withDiscardingTaskGroup { group in
            group.addTask { await poller.run() }
            group.addTask { await poller.direct.run() }
            group.addTask { await poller.activities.run() }
            group.addTask { await walk.run(atOnce: !isFresh) }
            group.addTask { await stalls.run() }
        }
    }

    /// Uses these from the next request on, and polls at once.
    func apply(client: JulesClient, budget: Int, interval: Duration) {
        gate.reload(client: client, budget: budget, pollInterval: interval)
        self.interval.current = interval
        account.signal.wake()
        signal.wake()
    }
}

/// The present POLL_INTERVAL.
private final class PollInterval: Sendable {
    private let value: Mutex<Duration>

    init(_ value: Duration) { self.value = Mutex(value) }

    var current: Duration {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
