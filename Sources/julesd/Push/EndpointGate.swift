// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Decides which delivery may be sent to one endpoint now: a few at a time, those of one session one after the other, and all of them
/// no faster than the endpoint takes them. Reads no clock and sends nothing.
///
/// An endpoint shows how fast it is by what it refuses. Each throttled attempt doubles the interval between attempts, and each one
/// that is taken makes it a little shorter, so the pace settles near the endpoint's own.
struct EndpointGate: Sendable {
    enum Decision: Equatable {
        /// Begun: ``release(_:)`` has to follow.
        case begin
        /// Its session, or the whole endpoint, has as many under way as it may.
        case busy
        /// Nothing may begin before this moment.
        case held(until: Timestamp)
    }

    /// Attempts under way at once.
    static let concurrency = 4
    /// The interval after the first throttled attempt.
    static let firstInterval = Duration.milliseconds(250)
    static let longestInterval = Duration.seconds(10)
    /// The pause after the first throttled attempt to which the endpoint names none. It doubles with each further one.
    static let firstPause = Duration.seconds(1)
    static let longestPause = Duration.seconds(300)
    /// After so many throttled attempts the endpoint counts as failing.
    static let failingThrottles = 5

    /// At least so much lies between the beginnings of two attempts.
    private let spacing: Duration
    /// The sessions of which a delivery is under way, and since when.
    private var underWay: [String: Timestamp] = [:]
    private var interval = Duration.zero
    private var lastBegin: Timestamp?
    private(set) var heldUntil: Timestamp?
    private var lastThrottle: Timestamp?
    /// How many more may begin until then, as the endpoint says.
    private var allowance: (left: Int, until: Timestamp)?
    /// Throttled attempts, less those that were taken since.
    private var throttles = 0

    init(spacing: Duration = .zero) { self.spacing = spacing }

    /// Attempts under way.
    var count: Int { underWay.count }
    /// The endpoint has taken next to nothing for a while.
    var isThrottled: Bool { throttles >= Self.failingThrottles }

    /// The same gate with another spacing, which knows of what is under way and of nothing that the endpoint has shown.
    func forgetting(spacing: Duration) -> EndpointGate {
        var gate = EndpointGate(spacing: spacing)
        gate.underWay = underWay
        return gate
    }

    /// Decides on the next delivery of a session.
    mutating func begin(_ session: String, at now: Timestamp) -> Decision {
        guard count < Self.concurrency, underWay[session] == nil else { return .busy }
        if let free = nextBegin, free > now { return .held(until: free) }
        underWay[session] = now
        lastBegin = now
        allowance?.left -= 1
        return .begin
    }

    /// When the next attempt may begin, as far as the pace goes; `nil` where nothing has been sent or asked for yet.
    private var nextBegin: Timestamp? {
        let exhausted = allowance.flatMap { $0.left > 0 ? nil : $0.until }
        return [heldUntil, exhausted, lastBegin?.advanced(by: max(spacing, interval))].compactMap(\.self).max()
    }

    /// Takes note of how an attempt that is still under way has ended.
    mutating func note(_ outcome: DeliveryOutcome, of session: String, at now: Timestamp) {
        switch outcome {
        case .delivered(_, let told):
            throttles = max(0, throttles - 1)
            interval = interval < .milliseconds(50) ? .zero : interval * 0.875
            // The others that are under way take part of what remains.
            allowance = told.map { ($0.remaining - count + 1, now.advanced(by: $0.resetAfter)) }
        case .throttled(_, let pause):
            // Those that were under way together are refused together: that is one sign, not four.
            let began = underWay[session] ?? now
            if lastThrottle.map({ began > $0 }) ?? true {
                throttles += 1
                interval = min(max(interval * 2, Self.firstInterval), Self.longestInterval)
                lastThrottle = now
            }
            let doublings = min(throttles, 10) - 1
            let time = now.advanced(by: pause ?? min(Self.firstPause * (1 << max(doublings, 0)), Self.longestPause))
            heldUntil = max(heldUntil ?? time, time)
        case .refused, .failed, .gone: break
        }
    }

    /// The attempt is over, and what came of it is in the store: the session's next one may begin.
    mutating func release(_ session: String) { underWay[session] = nil }
}
