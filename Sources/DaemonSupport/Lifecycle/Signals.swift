// SPDX-License-Identifier: Apache-2.0

// Dispatch sources may be used on any thread; the module does not say so yet.
@preconcurrency import Dispatch
import Glibc

/// The signals by which an administrator steers the daemon, in the order of their arrival.
///
/// From its creation on these signals no longer end the process; iterate it from one task. Of equal signals that arrive
/// faster than they are read the newest few are kept.
public struct Signals: AsyncSequence, Sendable {
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

    private let stream: AsyncStream<Signal>

    /// Takes these signals over, and ignores SIGPIPE: a peer that has gone shows as EPIPE where we write to it.
    ///
    /// Returns once every signal is being watched for, so that none is lost.
    public init(_ signals: Set<Signal> = Set(Signal.allCases)) {
        signal(SIGPIPE, SIG_IGN)
        let (stream, continuation) = AsyncStream.makeStream(of: Signal.self, bufferingPolicy: .bufferingNewest(16))
        let queue = DispatchQueue(label: "signals")
        let registered = DispatchGroup()
        let sources = signals.map { which in
            // Until the source is registered the signal would take its default action, which for SIGHUP ends the process.
            signal(which.number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: which.number, queue: queue)
            registered.enter()
            source.setRegistrationHandler { registered.leave() }
            source.setEventHandler { continuation.yield(which) }
            source.resume()
            return source
        }
        registered.wait()
        continuation.onTermination = { _ in
            for source in sources { source.cancel() }
        }
        self.stream = stream
    }

    /// An iterator over the signals that arrive; it ends when its task is cancelled.
    public func makeAsyncIterator() -> AsyncStream<Signal>.Iterator {
        stream.makeAsyncIterator()
    }
}
