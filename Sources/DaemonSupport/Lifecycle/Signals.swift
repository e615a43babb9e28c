// SPDX-License-Identifier: Apache-2.0

// Dispatch sources may be used on any thread; the module does not say so yet.
@preconcurrency import Dispatch
import Glibc

/// The signals by which an administrator steers the daemon.
///
/// For as long as this value lives they do not end the process but are handed over at once, each as often as the kernel has counted
/// it. There is no queue in which one could wait behind another or be dropped.
public final class Signals: Sendable {
    /// What was asked.
    public enum Signal: Sendable, CaseIterable {
        /// SIGTERM: stop.
        case terminate
        /// SIGINT: stop, from a terminal.
        case interrupt
        /// SIGHUP: read the settings again.
        case hangUp

        var number: Int32 {
            switch self {
            case .terminate: SIGTERM
            case .interrupt: SIGINT
            case .hangUp: SIGHUP
            }
        }
    }

    private let sources: [any DispatchSourceSignal]

    /// Takes these signals over, and ignores SIGPIPE: a peer that has gone shows as EPIPE where we write to it.
    ///
    /// Returns once every signal is being watched for, so that none is lost.
    ///
    /// - Parameter handle: called on a thread that signals alone use, so it must not block.
    public init(_ signals: Set<Signal> = Set(Signal.allCases), handle: @escaping @Sendable (Signal) -> Void) {
        signal(SIGPIPE, SIG_IGN)
        let queue = DispatchQueue(label: "signals")
        let registered = DispatchGroup()
        sources = signals.map { which in
            // Until the source is registered the signal would take its default action, which for SIGHUP ends the process.
            signal(which.number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: which.number, queue: queue)
            registered.enter()
            source.setRegistrationHandler { registered.leave() }
            // The source lets go of its handler, and so of itself, when it is cancelled.
            source.setEventHandler {
                for _ in 0..<source.data { handle(which) }
            }
            source.resume()
            return source
        }
        registered.wait()
    }

    deinit {
        for source in sources { source.cancel() }
    }
}
