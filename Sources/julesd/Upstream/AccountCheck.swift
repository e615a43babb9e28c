// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Checks whether a key sees the account in the store, before anything else is requested with it.
///
/// A key of another account shows none of the stored sessions, which looks as if they were deleted. A key that has shown the
/// account before is accepted. Any other key has to show one stored session.
struct AccountCheck: Sendable {
    let list: SessionList
    let store: SessionStore
    /// Woken if the key may have changed.
    let signal = WakeSignal()
    /// How long until a key of another account is checked again.
    let interval: Duration
    /// The first pause after a failure. It doubles with each further one.
    let retry: Duration

    /// Checks each new key, until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await check()
            _ = await signal.sleep(interval)
        }
    }

    /// Checks the key in force, however long the API takes to answer. Does nothing if the key is known.
    func check() async {
        var cadence = PollCadence(base: retry)
        while !Task.isCancelled, let key = list.gate.unknownKey {
            do {
                let account = try await look(key.identity)
                if list.gate.note(account, of: key) { return await note(account, key.identity) }
            } catch let error as UpstreamError {
                _ = await signal.sleep(cadence.pause(after: .failed(error)))
            } catch {
                // The store has already reported its error.
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
            guard tokens.advance(to: page.list.nextPageToken) == .page else {
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
        // If the store cannot record it, the next start checks again.
        try? await store.noteAccount(identity)
    }
}
