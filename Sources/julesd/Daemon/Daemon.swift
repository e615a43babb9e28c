// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import NIOCore
import NIOPosix
import Wording

/// The composition root: builds every room, connects them, runs them, and stops them in reverse order.
struct Daemon: Sendable {
    private let settings: LiveSettings
    private let sockets: [InheritedSocket]
    private let destination: LogDestination
    private let logger: Logger
    private let manager = ServiceManager()
    private let metrics = Metrics()
    private let startedAt = Timestamp.now
    /// Set at the end of the start, just before READY=1 is sent: a reload before that must send no RELOADING=1.
    private let ready = Latch()

    /// How long requests in progress may take to finish at a stop.
    static let drainTime = Duration.seconds(5)
    /// How long opening the store may take.
    static let openTime = Duration.seconds(600)

    /// How many descriptors are needed besides the clients and the ninth of as many that get a refusal: for the store, the
    /// event loops, requests to the API, and connections that are being closed. Some must always be free: if libdispatch gets
    /// none when it manages its threads, it ends the process.
    private static let ownDescriptors = 256

    /// - Parameter load: reads the settings again at each reload.
    init(_ settings: Settings, sockets: [InheritedSocket], load: @escaping LiveSettings.Load) {
        destination = LogDestination(
            identifier: "julesd", format: settings.logFormat, level: settings.logLevel, fields: .julesd)
        logger = destination.logger("julesd")
        self.sockets = sockets
        self.settings = LiveSettings(settings, load: load)
    }

    /// Runs until an order to stop, or until it cannot continue.
    func run() async -> ExitStatus {
        HTTPClient.prepare()
        let stops = StopRequests()
        let reloads = WakeSignal()
        // Signals are handled from here to the very end, because the last one may be the second order to stop.
        let signals = Signals { signal in
            switch signal {
            case .terminate, .interrupt: stops.note()
            case .hangUp: reloads.wake()
            }
        }
        defer { withExtendedLifetime(signals) {} }
        FileSystem.keepNewFilesPrivate()
        settings.current.logWarnings(to: logger)
        // To check or migrate a large store takes time.
        manager.extendTimeout(by: Self.openTime, status: "Opening the store")
        let store: SessionStore
        do {
            store = try await SessionStore.open(for: settings.current, logger: logger)
        } catch {
            let error = StoreError(error)
            logger.event(.storageTrouble, level: .error, "\(error)")
            return error.exitStatus
        }
        store.health.follow { [logger] in $0.log(to: logger) }
        let status = await serve(store, stops, reloads)
        await store.close()
        logger.event(.stopped, "stopped, exit status \(status.rawValue)")
        return status
    }

    private func serve(_ store: SessionStore, _ stops: StopRequests, _ reloads: WakeSignal) async -> ExitStatus {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: max(2, min(4, System.coreCount)))
        let progress = DaemonProgress(loops: Array(loops.makeIterator()).count)
        let instances = Instances(
            store, name: settings.current.instance, idle: { progress.poller.markAlive(before: .zero) }, logger: logger)
        let feed = ChangeFeed(store: store, group: loops, delivered: metrics.noteDelivered)
        let webhooks = Webhooks(
            store: store, settings: settings.current, onResult: { [metrics] in metrics.note($0, count: $1) },
            logger: logger)
        let repeatedReads = RepeatedReads()
        let touched = TouchedSessions()
        let upstream = Upstream(
            client: client(settings.current), budget: settings.current.upstreamBudget,
            interval: settings.current.pollInterval, store: store, shared: instances.budget, claims: instances.claims,
            followed: { feed.followedSessions.union(repeatedReads.followed) }, watched: { repeatedReads.watched },
            onNewActivities: { id, activities in
                feed.publish(activities, of: id)
                instances.announce(.activities(session: id, ids: activities.map(\.id)))
                touched.note([id])
            },
            onTurn: { [logger] in $0.log(to: logger) },
            alive: { progress.poller.markAlive(before: $0) }, logger: logger)
        let queue = TaskQueue(
            store: store, upstream: upstream, limits: TaskLimits(settings.current),
            told: {
                feed.publish(queueEntry: JSON.object($0.json).bytes)
                instances.announce(.queueEntry($0.id))
            }, logger: logger)
        store.follow { [metrics, logger] in
            metrics.note($0)
            feed.publish($0)
            webhooks.note($0)
            queue.noteChange()
            touched.note($0.deltas.lazy.map(\.sessionID))
            $0.log(to: logger)
        }
        store.follow(
            others: .init(restarted: feed.restart) {
                webhooks.wake()
                queue.wake()
                touched.signal.wake()
                upstream.signal.wake()
            })
        let rules = RuleEngine(
            store: store, actions: upstream.actions, queue: queue, touched: touched, onDecision: metrics.note,
            logger: logger)
        let requestGate = RequestGate(settings: settings.current, logger: logger)
        let api = API(
            routes: RouteTable(
                store: store, instances: instances, upstream: upstream, feed: feed, webhooks: webhooks, queue: queue,
                registry: metrics.registry, startedAt: startedAt, repeatedReads: repeatedReads,
                isMirroring: { [settings] in settings.current.mirror },
                access: { [settings] in settings.current.mcp }, counted: metrics.noteMCP,
                cancelled: rules.noteDropped,
                failed: { [logger] in logger.error("an agent's request failed: \($0)") }
            ).routes,
            gate: requestGate, isStoreAway: { instances.awaySince != nil }, metrics: metrics, logger: logger)
        let server = HTTPServer(
            group: loops, limits: limits(settings.current),
            problem: api.refuse, onLoopTick: { progress.loops[$0].markAlive() }, takesBody: api.takesBody,
            answer: api.answer)
        metrics.include(destination)
        metrics.include(store)
        metrics.include(feed)
        metrics.include(webhooks.outbox)
        metrics.include(upstream.gate)
        metrics.include(queue)
        metrics.include(server)
        metrics.include(instances)

        let status: ExitStatus
        // Before anything is logged: a delta gets into the outbox with its commit, or never.
        do {
            try await webhooks.apply(settings.current)
            try await rules.apply(settings.current.rules)
        } catch {
            logger.event(.storageTrouble, level: .error, "webhooks and rules cannot be noted: \(error)")
            return .storage
        }
        do throws(ListenError) {
            try await listen(server)
            let watchdog = startWatchdog(progress)
            let retention = Retention(store: store, days: settings.current.retentionDays, logger: logger)
            let line = StatusLine(store: store, health: upstream.health, instances: instances) { feed.clientCount }
            let reload = Reload(
                settings: settings,
                parts: [
                    { [destination] in destination.level = $0.logLevel },
                    { requestGate.apply($0) },
                    { server.apply(limits($0)) },
                    { upstream.apply(client: client($0), budget: $0.upstreamBudget, interval: $0.pollInterval) },
                    { retention.apply(days: $0.retentionDays) },
                    { queue.apply(TaskLimits($0)) },
                    { try await webhooks.apply($0) },
                    { try await rules.apply($0.rules) },
                ], orders: reloads, manager: manager, ready: ready, line: line, logger: logger)
            status = await withTaskGroup { group in
                defer { group.cancelAll() }
                group.addTask { await reload.run() }
                group.addTask { await instances.run { await publish($0, store, queue, feed) } }
                group.addTask { await instances.whileLeading { await webhooks.run() } }
                group.addTask { await upstream.account.run() }
                return await work(store, instances, upstream, queue, rules, line, retention, stops, progress) {
                    logger.event(.stopping, "stopping")
                    manager.stopping(status: "Finishing running requests")
                    progress.poller.retire()
                    feed.close()
                    await drain(server, stops)
                }
            }
            webhooks.close()
            watchdog?.stop()
        } catch {
            logger.error("\(error)")
            status = .socket
        }
        // The event loops end with the process, because closed connections may still notify them.
        return status
    }

    /// Publishes what another instance has announced.
    private func publish(
        _ announcement: Announcement, _ store: SessionStore, _ queue: TaskQueue, _ feed: ChangeFeed
    ) async {
        switch announcement {
        case .queueEntry(let id):
            guard let entry = try? await queue.store.entry(id) else { return }
            feed.publish(queueEntry: JSON.object(entry.json).bytes)
        case .activities(let session, let ids):
            guard let activities = try? await store.activities(ids, of: session), !activities.isEmpty else { return }
            feed.publish(activities, of: session)
        }
    }

    /// Lets requests in progress finish. A second order to stop ends them at once.
    private func drain(_ server: HTTPServer, _ stops: StopRequests) async {
        await withTaskGroup { group in
            group.addTask { await server.drain(grace: Self.drainTime) }
            group.addTask {
                await stops.awaitSecond()
                if !Task.isCancelled { await server.drain(grace: .zero) }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func client(_ settings: Settings) -> JulesClient {
        JulesClient(settings) { [metrics] in metrics.note($0, $1, took: $2) }
    }

    /// The limits for clients.
    private func limits(_ settings: Settings) -> HTTPLimits {
        var limits = HTTPLimits(settings)
        limits.maximumConnections = affordableConnections(of: settings.maxConnections)
        return limits
    }

    /// MAX_CONNECTIONS, or fewer if there are too few descriptors: a client too many can only be refused if it can be
    /// accepted.
    private func affordableConnections(of wanted: Int) -> Int {
        let affordable = max(1, (DescriptorLimit.raise() - Self.ownDescriptors) / 9 * 8)
        if affordable < wanted {
            logger.warning(
                "there are descriptors for \(affordable) connections only, not for MAX_CONNECTIONS (\(wanted)): raise LimitNOFILE or ulimit -n"
            )
        }
        return min(wanted, affordable)
    }

    private func listen(_ server: HTTPServer) async throws(ListenError) {
        for address in settings.current.listenAddresses(inherited: sockets) {
            let bound = try await server.listen(on: address)
            logger.event(
                .serverStarted,
                "julesd \(programVersion) listens on \(bound.port.map { "\(bound.ipAddress ?? "?") port \($0)" } ?? "\(address)")",
                metadata: bound.port.map { ["port": .stringConvertible($0)] } ?? ["socket": "\(address)"])
        }
    }

    private func startWatchdog(_ progress: DaemonProgress) -> Watchdog? {
        guard let interval = Watchdog.requestedInterval() else { return nil }
        let watchdog = Watchdog(interval: interval, marks: progress.all, service: manager) { [logger] silent in
            logger.event(
                .watchdogWithheld, level: .error,
                "no progress in \(silent.joined(separator: ", ")): keep-alives withheld")
        }
        watchdog.start()
        return watchdog
    }

    /// Polls and reports until an order to stop, or until the start has failed.
    ///
    /// - Parameter stop: closes the connections of clients. It begins at once, at the same time as polling ends.
    private func work(
        _ store: SessionStore, _ instances: Instances, _ upstream: Upstream, _ queue: TaskQueue, _ rules: RuleEngine,
        _ line: StatusLine, _ retention: Retention,
        _ stops: StopRequests, _ progress: DaemonProgress, stop: () async -> Void
    ) async -> ExitStatus {
        await withTaskGroup(of: ExitStatus.self) { group in
            group.addTask {
                await stops.awaitFirst()
                return .stopped
            }
            group.addTask {
                // A damaged file is no longer written to, and only a person can help.
                for await _ in store.health.damage { return .storage }
                return .stopped
            }
            group.addTask {
                // Now that the sockets answer.
                async let isSound = store.isSound()
                let startup = Startup(
                    settings: settings.current, list: upstream.poller.list, manager: manager,
                    alive: { progress.poller.markAlive(before: $0) }, logger: logger)
                if let failure = await startup.awaitUpstream() { return failure }
                progress.poller.markAlive(before: Self.openTime)
                manager.extendTimeout(by: Self.openTime, status: "Checking the store")
                guard await isSound else { return .storage }
                guard !Task.isCancelled else { return .stopped }
                logger.event(.ready, "ready")
                let status = await line.text
                // Set first: the service manager may ask for a reload as soon as it has READY=1, and then waits for
                // RELOADING=1.
                ready.set()
                manager.ready(status: status)
                await withDiscardingTaskGroup { group in
                    group.addTask { await upstream.runFollowedReads() }
                    group.addTask { await line.keepUpToDate(manager) }
                    group.addTask { await store.makeSearchIndex() }
                    group.addTask {
                        await instances.whileLeading {
                            await withDiscardingTaskGroup { group in
                                group.addTask { await upstream.run() }
                                group.addTask { await queue.run() }
                                group.addTask { await rules.run() }
                                group.addTask { await retention.run() }
                            }
                        }
                    }
                }
                // None of these ends before its task is cancelled.
                return Task.isCancelled ? .stopped : .software
            }
            let status = await group.next() ?? .stopped
            group.cancelAll()
            await stop()
            return status
        }
    }
}

/// The heartbeats by which the daemon's parts report progress to the watchdog.
private struct DaemonProgress: Sendable {
    /// Beats before each step of a poll, and says how long the step may take.
    let poller = Heartbeat(name: "the poller", allowedAge: .seconds(120))
    /// Each beats once a second.
    let loops: [Heartbeat]

    init(loops count: Int) {
        loops = (0..<count).map { Heartbeat(name: "event loop \($0)", allowedAge: .seconds(10)) }
    }

    var all: [Heartbeat] { [poller] + loops }
}
