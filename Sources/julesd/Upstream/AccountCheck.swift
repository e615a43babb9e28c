// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Finds out whether a key sees the account that is kept here, before anything else is asked with it.
///
/// A key of another account shows none of the sessions kept here, and that is how their deletion looks. A key that has shown the
/// account before is believed. Any other one has to show a single session that is kept here.
struct AccountCheck: Sendable {
    let list: SessionList
    let store: SessionStore
    /// Given if the key may have changed.
    let signal = WakeSignal()
    /// The time after which a key of another account is looked at again.
    let interval: Duration
    /// The first pause after a failure; it doubles from there.
    let retry: Duration

    /// Looks at each key that comes, until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await check()
            _ = await signal.sleep(interval)
        }
    }

    /// Looks at the key in force, however long the API takes to answer. Does nothing if it is known.
    func check() async {
        var cadence = PollCadence(base: retry)
        while !Task.isCancelled, let key = list.gate.unknownKey {
            do {
                let account = try await look(key.identity)
                if list.gate.note(account, of: key) { return await note(account, key.identity) }
            } catch let error as UpstreamError {
                _ = await signal.sleep(cadence.pause(after: .failed(error)))
            } catch {
                // The log has told of what is wrong with the store.
                _ = await signal.sleep(AccountReader.storagePause)
            }
        }
    }

    private func look(_ identity: String) async throws -> RequestQueue.Account {
        if try await store.account() == identity { return .ours }
        let kept = try await store.sessionIDs(createdAfter: nil, includingArchived: true)
        guard !kept.isEmpty else { return .ours }
        var tokens = PageTokens(maximum: AccountReader.maximumPages)
        while true {
            let page = try await list.page(tokens.current, for: .probe)
            if page.sessions.contains(where: { kept.contains($0.id) }) { return .ours }
            guard tokens.advance(to: page.nextPageToken) == .page else {
                return .other(.otherAccount(kept: kept.count))
            }
        }
    }

    private func note(_ account: RequestQueue.Account, _ identity: String) async {
        guard account == .ours else {
            if case .other(let error) = account { list.gate.health.note(otherAccount: error) }
            return
        }
        list.gate.health.note(otherAccount: nil)
        // If it cannot be noted, the next start looks again.
        try? await store.noteAccount(identity)
    }
}
