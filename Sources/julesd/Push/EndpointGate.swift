// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Decides which delivery may be sent to one endpoint now: a few at once, those of one session one after the other, and all
/// of them no faster than the endpoint accepts them. Reads no clock and sends nothing.
///
/// The refusals of an endpoint show how fast it is. Each throttled attempt doubles the interval between attempts, and each
/// accepted one makes it a little shorter, so the pace approaches the endpoint's own.
struct EndpointGate: Sendable {
    enum Decision: Equatable {
        /// The attempt has begun. Call ``release(_:)`` at its end.
        case begin
        /// The session has an attempt in progress, or the endpoint has as many as allowed.
        case busy
        /// Nothing may begin before this time.
        case held(until: Timestamp)
    }

    /// How many attempts may be in progress at once.
    static let concurrency = 4
    /// The interval after the first throttled attempt.
    static let firstInterval = Duration.milliseconds(250)
    static let longestInterval = Duration.seconds(10)
    /// The pause after the first throttled attempt if the endpoint names none. It doubles with each further one.
    static let firstPause = Duration.seconds(1)
    static let longestPause = Duration.seconds(300)
    /// After so many throttled attempts the endpoint counts as failing.
    static let failingThrottles = 5

    /// The least time between the beginnings of two attempts.
    private let spacing: Duration
    /// The sessions with a delivery in progress, and since when.
    private var underWay: [String: Timestamp] = [:]
    private var interval = Duration.zero
    private var lastBegin: Timestamp?
    private(set) var heldUntil: Timestamp?
    private var lastThrottle: Timestamp?
    /// How many more attempts may begin until `until`, as the endpoint says.
    private var allowance: (left: Int, until: Timestamp)?
    /// The number of throttled attempts minus the number of accepted ones since.
    private var throttles = 0

    init(spacing: Duration = .zero) { self.spacing = spacing }

    /// How many attempts are in progress.
    var count: Int { underWay.count }
    /// The endpoint has accepted almost nothing for a while.
    var isThrottled: Bool { throttles >= Self.failingThrottles }

    /// The same gate with another spacing. It keeps the attempts in progress and forgets what the endpoint has shown.
    func forgetting(spacing: Duration) -> EndpointGate {
        var gate = EndpointGate(spacing: spacing)
        gate.underWay = underWay
        return gate
    }

    /// Decides about the next delivery of a session.
    mutating func begin(_ session: String, at now: Timestamp) -> Decision {
        guard count < Self.concurrency, underWay[session] == nil else { return .busy }
        if let free = nextBegin, free > now { return .held(until: free) }
        underWay[session] = now
        lastBegin = now
        allowance?.left -= 1
        return .begin
    }

    /// When the pace allows the next attempt; `nil` if nothing limits it yet.
    private var nextBegin: Timestamp? {
        let exhausted = allowance.flatMap { $0.left > 0 ? nil : $0.until }
        return [heldUntil, exhausted, lastBegin?.advanced(by: max(spacing, interval))].compactMap(\.self).max()
    }

    /// Records the result of an attempt that has not been released yet.
    mutating func note(_ outcome: DeliveryOutcome, of session: String, at now: Timestamp) {
        switch outcome {
        case .delivered(_, let told):
            throttles = max(0, throttles - 1)
            interval = interval < .milliseconds(50) ? .zero : interval * 0.875
            // The other attempts in progress use part of the remaining number.
            allowance = told.map { ($0.remaining - count + 1, now.advanced(by: $0.resetAfter)) }
        case .throttled(_, let pause):
            // Attempts in progress at the same time are refused together: that counts once, not four times.
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

    /// The attempt is over, and its result is in the store. The session's next delivery may begin.
    mutating func release(_ session: String) { underWay[session] = nil }
}
