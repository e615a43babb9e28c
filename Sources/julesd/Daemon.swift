// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import NIOPosix

/// The composition root: builds every room, joins them, runs them, and takes them down in reverse order.
struct Daemon: Sendable {
    private let settings: LiveSettings
    private let destination: LogDestination
    private let logger: Logger
    private let manager = ServiceManager()

    /// How long running requests may take to finish at the end.
    static let drainTime = Duration.seconds(5)

    /// Runs the daemon until it is told to stop or cannot go on.
    ///
    /// - Parameter load: reads the settings, now and again at each reload.
    static func run(load: @escaping LiveSettings.Load) async -> ExitStatus {
        let settings: Settings
        do throws(SettingsFault) {
            settings = try load()
        } catch {
            let destination = LogDestination(identifier: "julesd", format: .auto, level: .info, fields: .julesd)
            error.log(to: destination.logger("julesd"))
            return .config
        }
        CoreDump.forbid()
        return await Daemon(settings, load: load).run()
    }

    private init(_ settings: Settings, load: @escaping LiveSettings.Load) {
        destination = LogDestination(
            identifier: "julesd", format: settings.logFormat, level: settings.logLevel, fields: .julesd)
        logger = destination.logger("julesd")
        self.settings = LiveSettings(settings, load: load)
    }

    private func run() async -> ExitStatus {
        // From here on a signal waits for its turn, however long the start takes.
        let signals = Signals()
        let settings = settings.current
        for warning in settings.warnings { logger.warning("\(warning)") }
        do {
            let listeners = try Listeners(settings, inherited: try InheritedSockets.take())
            for warning in listeners.warnings { logger.warning("\(warning)") }
            let log = try await StoreFile.open(for: settings, logger: logger)
            let status = await serve(on: listeners, log, signals)
            await log.close()
            logger.event(.stopped, "stopped, exit status \(status.rawValue)")
            return status
        } catch let fault as SettingsFault {
            fault.log(to: logger)
            return .config
        } catch let error as StoreError {
            logger.event(.storageTrouble, level: .error, "\(error)")
            return .ioError
        } catch {
            logger.error("a socket cannot be had: \(error)")
            return .osError
        }
    }

    private func serve(on listeners: Listeners, _ log: ChangeLog, _ signals: Signals) async -> ExitStatus {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: min(4, System.coreCount))
        let http = JulesClient.transport(settings.current)
        let polling = ProgressMark(name: "poller", allowedAge: .seconds(120))
        let feed = ChangeFeed(log: log, group: group)
        log.follow { feed.publish($0) }
        let upstream = Upstream(
            client: JulesClient(settings.current, http: http), budget: settings.current.upstreamBudget,
            interval: { [settings] in settings.current.pollInterval }, log: log,
            learnt: { feed.publish($1, of: $0) }, turned: { [logger] in $0.log(to: logger) },
            beat: { polling.beat() }, logger: logger)
        let api = API(settings: settings, log: log, feed: feed, upstream: upstream, logger: logger)
        let server = HTTPServer(
            group: group, limits: HTTPLimits(maximumConnections: settings.current.maxConnections), respond: api.respond)
        defer { http.shutdown() }

        do {
            for address in listeners.addresses {
                let bound = try await server.listen(on: address)
                logger.event(
                    .serverStarted, "julesd \(julesdVersion) listens on \(bound)", metadata: .port(of: bound))
            }
        } catch {
            logger.error("a socket cannot be had: \(error)")
            try? await group.shutdownGracefully()
            return .osError
        }
        let watchdog = LoopMarks(group).watchdog(with: polling, manager, logger)
        let line = StatusLine(log: log, health: upstream.health, clients: { feed.clientCount })
        let status = await work(upstream, line, signals)
        logger.event(.stopping, "stopping")
        manager.stopping(status: "Finishing running requests")
        await server.drain(grace: Self.drainTime)
        watchdog?.stop()
        try? await group.shutdownGracefully()
        return status
    }

    /// Polls, reports and obeys signals until one of the three ends.
    private func work(_ upstream: Upstream, _ line: StatusLine, _ signals: Signals) async -> ExitStatus {
        await withTaskGroup(of: ExitStatus?.self) { group in
            group.addTask { await obey(signals, upstream, line) }
            group.addTask {
                let startup = Startup(
                    settings: settings.current, gate: upstream.gate, manager: manager, logger: logger)
                if let failure = await startup.awaitUpstream() { return failure }
                guard !Task.isCancelled else { return nil }
                logger.event(.ready, "ready")
                manager.ready(status: await line.text)
                await withDiscardingTaskGroup { group in
                    group.addTask { await upstream.poller.run() }
                    group.addTask { await line.keepUpToDate(manager) }
                }
                return nil
            }
            var status: ExitStatus?
            while status == nil, let ended = await group.next() { status = ended }
            group.cancelAll()
            return status ?? .ok
        }
    }

    private func obey(_ signals: Signals, _ upstream: Upstream, _ line: StatusLine) async -> ExitStatus {
        for await signal in signals {
            switch signal {
            case .terminate, .interrupt: return .ok
            case .hangUp: await reload(upstream, line)
            }
        }
        return .ok
    }

    private func reload(_ upstream: Upstream, _ line: StatusLine) async {
        manager.reloading()
        do throws(SettingsFault) {
            let difference = try settings.reload()
            let settings = settings.current
            destination.level = settings.logLevel
            await upstream.gate.reload(
                client: JulesClient(settings, http: JulesClient.transport(settings)), budget: settings.upstreamBudget)
            upstream.alarm.ring()
            for warning in settings.warnings { logger.warning("\(warning)") }
            if !difference.restart.isEmpty {
                let keys = difference.restart.joined(separator: ", ")
                logger.event(.reloadNeedsRestart, level: .warning, "changes of \(keys) take effect at the next restart")
                line.remark("Restart needed for \(keys)")
            }
            let changed = difference.reloaded.joined(separator: ", ")
            logger.event(.reloadDone, changed.isEmpty ? "settings read again, nothing changed" : "now in force: \(changed)")
        } catch {
            error.log(to: logger)
            logger.event(.reloadRefused, level: .error, "the new settings are faulty; the old ones stay in force")
        }
        manager.reloaded(status: await line.text)
    }
}
