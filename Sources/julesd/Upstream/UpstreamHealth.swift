// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// Whether the API answers, and since when it does not: `/readyz`, the status line and the journal show this.
///
/// The list of sessions and the probe decide about the API. The failure of any other request may concern one resource only;
/// only a refused key is the same for all.
final class UpstreamHealth: Sendable {
    /// A change of the API's health. Each is reported once.
    enum Turn: Sendable, Equatable {
        case lost(UpstreamError)
        case keyRefused(UpstreamError)
        /// The key sees another account than the one in the store.
        case otherAccount(UpstreamError)
        case back(after: Duration)
    }

    /// What was requested.
    enum Source: Sendable {
        /// The newest page of the list: a poll.
        case list
        case probe
        /// Anything else.
        case request
    }

    struct Status: Sendable {
        /// The time of the last good answer. `lastPoll` is that of the last good poll.
        var lastSuccess: Timestamp?
        var lastPoll: Timestamp?
        /// The first good answer after the start, or after the last trouble.
        var goodSince: Timestamp?
        /// When the trouble began; `nil` if there is none.
        fileprivate var since: Timestamp?
        fileprivate var key: UpstreamError?
        fileprivate var account: UpstreamError?
        fileprivate var list: UpstreamError?
        fileprivate var probe: UpstreamError?

        /// What has gone wrong, and when it began. If the list cannot be read, that is trouble even if the probe is good.
        var trouble: (error: UpstreamError, since: Timestamp)? {
            guard let error, let since else { return nil }
            return (error, since)
        }

        fileprivate var error: UpstreamError? { key ?? account ?? list ?? probe }
    }

    private let state = Mutex(Status())
    private let onTurn: @Sendable (Turn) -> Void

    init(onTurn: @escaping @Sendable (Turn) -> Void) { self.onTurn = onTurn }

    var status: Status { state.withLock { $0 } }

    /// Records the result of a request.
    func note(_ result: Result<Void, UpstreamError>, from source: Source, at now: Timestamp = .now) {
        if let turn = state.withLock({ $0.note(result, from: source, at: now) }) { onTurn(turn) }
    }

    /// Records that the key sees another account than the one in the store; `nil` if it does not.
    func note(otherAccount error: UpstreamError?, at now: Timestamp = .now) {
        if let turn = state.withLock({ $0.note(otherAccount: error, at: now) }) { onTurn(turn) }
    }
}

extension UpstreamHealth.Status {
    fileprivate mutating func note(
        _ result: Result<Void, UpstreamError>, from source: UpstreamHealth.Source, at now: Timestamp
    ) -> UpstreamHealth.Turn? {
        switch result {
        case .failure(.cancelled), .failure(.withheld): return nil
        case .failure(let error) where error.meansTrouble || (source == .list): return fail(error, source, at: now)
        // The refusal of one request is a good answer: the API works.
        case .success, .failure: return succeed(source, at: now)
        }
    }

    fileprivate mutating func note(otherAccount error: UpstreamError?, at now: Timestamp) -> UpstreamHealth.Turn? {
        let isNews = (error == nil) != (account == nil)
        account = error
        guard isNews else { return nil }
        guard let error else { return settle(at: now) }
        (since, goodSince) = (since ?? now, nil)
        return .otherAccount(error)
    }

    private mutating func fail(
        _ error: UpstreamError, _ source: UpstreamHealth.Source, at now: Timestamp
    ) -> UpstreamHealth.Turn? {
        // A refused key stays the trouble, whatever else goes wrong, until an answer shows that the key is valid again.
        guard key == nil else { return nil }
        let isNew = trouble == nil
        if case .keyRejected = error {
            key = error
        } else {
            switch source {
            case .list: list = error
            case .probe: probe = error
            case .request: return nil
            }
        }
        (since, goodSince) = (since ?? now, nil)
        if key != nil { return .keyRefused(error) }
        return isNew ? .lost(error) : nil
    }

    private mutating func succeed(_ source: UpstreamHealth.Source, at now: Timestamp) -> UpstreamHealth.Turn? {
        (key, lastSuccess) = (nil, now)
        switch source {
        case .list: (list, probe, lastPoll) = (nil, nil, now)
        case .probe: probe = nil
        case .request: break
        }
        return settle(at: now)
    }

    /// Records the end of the trouble, if no error is left.
    private mutating func settle(at now: Timestamp) -> UpstreamHealth.Turn? {
        guard error == nil else { return nil }
        goodSince = goodSince ?? now
        guard let since else { return nil }
        self.since = nil
        return .back(after: now.duration(since: since))
    }
}
