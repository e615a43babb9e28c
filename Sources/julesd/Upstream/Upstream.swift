// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// The room that talks to the API, put together.
struct Upstream: Sendable {
    let health: UpstreamHealth
    let gate: UpstreamGate
    let probe: UpstreamProbe
    let actions: SessionActions
    let poller: Poller
    /// Cuts the poller's pause short.
    let alarm: Alarm

    /// - Parameters:
    ///   - interval: POLL_INTERVAL, asked for at each beat.
    ///   - followed: the sessions whose activities are read at each beat.
    ///   - learnt: given each activity that was not known yet.
    ///   - beat: told at each step of the poller.
    init(
        client: JulesClient, budget: Int, interval: @escaping @Sendable () -> Duration, log: ChangeLog,
        times: UpstreamTimes = UpstreamTimes(),
        followed: @escaping @Sendable () -> Set<String> = { [] },
        learnt: @escaping @Sendable (_ session: String, [Activity]) -> Void,
        turned: @escaping @Sendable (UpstreamHealth.Turn) -> Void, beat: @escaping @Sendable () -> Void, logger: Logger
    ) {
        let alarm = Alarm()
        let health = UpstreamHealth(turned: turned)
        let gate = UpstreamGate(client: client, budget: budget, health: health, refusalPause: times.refusalPause)
        let recorder = SessionRecorder(log: log)
        let requests = UserRequests(gate: gate, base: times.userRetry)
        let reader = ActivityReader(requests: requests, log: log, learnt: learnt)
        let queue = ActivityQueue(reader: reader, retry: times.retry, logger: logger)
        let direct = DirectReader(requests: requests, recorder: recorder, moved: queue.add)
        let list = SessionList(gate: gate, logger: logger)
        self.alarm = alarm
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
            interval: interval, beat: beat,
            logger: logger)
    }
}
