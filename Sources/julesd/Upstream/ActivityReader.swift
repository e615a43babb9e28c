// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Brings our copy of one session's activities up to date.
struct ActivityReader: Sendable {
    let gate: UpstreamGate
    let log: ChangeLog
    /// Given what was not known yet, oldest first.
    let learnt: @Sendable (_ session: String, [Activity]) -> Void

    static let pageSize = 100
    static let maximumPages = 500
    /// How far an overlapping reading goes back.
    static let overlap = Duration.seconds(30)

    /// Reads what the session has that our copy has not.
    ///
    /// The API's filter is exclusive, and two activities can share an instant, so a cursor alone may lose one where a page ended
    /// between them; `overlapping` reads again from a little earlier, and what is known already is dropped by its id.
    ///
    /// - Throws: `UpstreamError`; a session too young to have activities is not an error but empty.
    func read(
        _ session: String, for purpose: RequestBudget.Purpose, overlapping: Bool = false, patience: Duration? = nil
    ) async throws {
        var since = try await log.newestActivity(of: session)
        if overlapping { since = since?.advanced(by: .zero - Self.overlap) }
        var tokens = PageTokens(maximum: Self.maximumPages)
        repeat {
            let (cursor, token) = (since?.rfc3339Exact, tokens.current)
            let page = try await gate.call(for: purpose, patience: patience) { (client) throws(UpstreamError) in
                try await client.activities(
                    session: session, createdAfter: cursor, pageToken: token, pageSize: Self.pageSize)
            }
            let new = try await log.record(page.items.compactMap(Activity.init(wire:)), of: session)
            if !new.isEmpty { learnt(session, new) }
            guard tokens.advance(to: page.nextPageToken) == .page else { return }
        } while true
    }
}
