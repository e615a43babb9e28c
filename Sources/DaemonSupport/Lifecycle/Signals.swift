// SPDX-License-Identifier: Apache-2.0

// Dispatch sources may be used on any thread, but the module does not declare it yet.
@preconcurrency import Dispatch
import Glibc

/// The signals with which an administrator controls the daemon.
///
/// While this value exists, they do not end the process. `handle` is called for each one, as often as the kernel has
/// counted it. No signal waits for another or is dropped.
public final class Signals: Sendable {
    /// What a signal asks for.
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

    /// Takes over the given signals. Also ignores SIGPIPE, so that a write to a closed connection fails with EPIPE.
    ///
    /// Returns after all signals are registered, so that none is lost.
    ///
    /// - Parameter handle: called on a thread that only signals use. It must not block.
    public init(_ signals: Set<Signal> = Set(Signal.allCases), handle: @escaping @Sendable (Signal) -> Void) {
        signal(SIGPIPE, SIG_IGN)
        let queue = DispatchQueue(label: "signals")
        let registered = DispatchGroup()
        sources = signals.map { which in
            // Until the source is registered, the signal would have its default action. For SIGHUP that ends the
            // process.
            signal(which.number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: which.number, queue: queue)
            registered.enter()
            source.setRegistrationHandler { registered.leave() }
            // Cancelling the source releases its handler, and with it the reference to the source itself.
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
