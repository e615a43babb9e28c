// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// The room that talks to the API, put together.
struct Upstream: Sendable {
    let health: UpstreamHealth
    let gate: UpstreamGate
    let probe: UpstreamProbe
    let actions: SessionActions
    let poller: Poller
    /// Cuts the poller's pause short.
    let alarm: Alarm
    private let interval: PollInterval

    /// - Parameters:
    ///   - interval: POLL_INTERVAL.
    ///   - followed: the sessions whose activities are read at each beat.
    ///   - learnt: given each activity that was not known yet.
    ///   - beat: told at each step of the poller.
    init(
        client: JulesClient, budget: Int, interval: Duration, log: ChangeLog,
        times: UpstreamTimes = UpstreamTimes(),
        followed: @escaping @Sendable () -> Set<String> = { [] },
        learnt: @escaping @Sendable (_ session: String, [Activity]) -> Void,
        turned: @escaping @Sendable (UpstreamHealth.Turn) -> Void, beat: @escaping @Sendable () -> Void, logger: Logger
    ) {
        let alarm = Alarm()
        let interval = PollInterval(interval)
        let health = UpstreamHealth(turned: turned)
        let gate = UpstreamGate(client: client, budget: budget, health: health, refusalPause: times.refusalPause)
        let recorder = SessionRecorder(log: log)
        let requests = UserRequests(gate: gate, base: times.userRetry)
        let reader = ActivityReader(requests: requests, log: log, learnt: learnt)
        let queue = ActivityQueue(reader: reader, retry: times.retry, logger: logger)
        let direct = DirectReader(requests: requests, recorder: recorder, moved: queue.add)
        let list = SessionList(gate: gate, logger: logger)
        self.alarm = alarm
        self.interval = interval
        self.health = health
        self.gate = gate
        probe = UpstreamProbe(gate: gate)
        let lookup = SessionLookup(log: log, direct: direct, activities: reader)
        let reconciler = Reconciler(looks: times.looks)
        actions = SessionActions(
            requests: requests, lookup: lookup, recorder: recorder, reconciler: reconciler,
            keyed: KeyedRequests(reconciler: reconciler, log: log, repairPause: times.retry), claims: OutcomeClaims(),
            alarm: alarm)
        poller = Poller(
            list: list, recorder: recorder, direct: direct,
            walk: AccountWalk(
                list: list, recorder: recorder, direct: direct, moved: queue.add, retry: times.retry, logger: logger),
            walkInterval: times.walkInterval, ceiling: times.ceiling,
            activities: queue, reader: reader,
            stalls: StallWatch(log: log, direct: direct, reader: reader, logger: logger), followed: followed,
            alarm: alarm,
            interval: { interval.current }, beat: beat,
            logger: logger)
    }

    /// Asks by these from the next request on, and polls at once.
    func apply(client: JulesClient, budget: Int, interval: Duration) async {
        await gate.reload(client: client, budget: budget)
        self.interval.current = interval
        alarm.ring()
    }
}

/// POLL_INTERVAL as it is at this moment.
private final class PollInterval: Sendable {
    private let value: Mutex<Duration>

    init(_ value: Duration) { self.value = Mutex(value) }

    var current: Duration {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
