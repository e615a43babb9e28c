// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension ToolCalls {
    func listAttention(_ arguments: ToolArguments) async throws -> JSONObject {
        let feed = position
        var query = InboxQuery()
        query.limit = arguments.number("limit") ?? 20
        if let cursor = arguments.text("cursor") {
            query.after = .init(cursor: cursor)
            if query.after == nil { throw ToolError("cursor must be the next_cursor of an earlier answer.") }
        }
        let page = try await store.inbox(query)
        var list = BoundedList()
        var next = page.next
        var last: ListPlace?
        for item in page.items {
            guard let row = item.attentionRow else { continue }
            guard list.add(.object(row)) else {
                next = last
                break
            }
            last = .init(time: item.entry.since.nanoseconds, id: item.sessionID)
        }
        var answer = JSONObject([
            .init(name: "waiting", value: JSON(try await waiting())), .init(name: "items", value: .array(list.items)),
        ])
        answer["next_cursor"] = next.map { .string($0.cursor) }
        answer["feed"] = .string(feed)
        return answer
    }

    /// Waits for a delta that needs a person, or that ends a session.
    func waitForAttention(
        _ arguments: ToolArguments, _ longest: Duration, _ progress: @Sendable (Int) -> Void
    ) async throws -> JSONObject {
        let session = try arguments.session
        let wantsFinished = arguments.flag("include_finished") ?? true
        let deadline = Duration.monotonic + min(.seconds(arguments.number("timeout_seconds") ?? 45), longest)
        var position: FeedPosition
        if let text = arguments.text("feed") {
            guard let given = FeedPosition(text) else { throw ToolError("feed must be the feed of an earlier answer.") }
            position = given
        } else {
            position = FeedPosition(store.head)
            let items = try await waitingItems(session)
            if !items.isEmpty { return try await answer(items, position) }
        }
        var beats = 0
        while true {
            let page = try await store.changes(after: position.seq, epoch: position.epoch)
            if page.gap != nil {
                return try await answer(try await waitingItems(session), FeedPosition(page.head), resync: true)
            }
            let found = try await items(in: page, of: session, wantsFinished)
            position = FeedPosition(epoch: page.head.epoch, seq: found.upTo)
            if !found.items.isEmpty { return try await answer(found.items, position) }
            if position.seq < page.head.seq { continue }
            let left = deadline - .monotonic
            guard left > .zero, !Task.isCancelled, !feed.isClosed else {
                return try await answer([], position, timedOut: true)
            }
            beats += 1
            progress(beats)
            await feed.wait(beyond: position.seq, timeout: min(left, .seconds(10)))
        }
    }

    private func answer(
        _ items: [JSON], _ position: FeedPosition, timedOut: Bool = false, resync: Bool = false
    ) async throws -> JSONObject {
        JSONObject([
            .init(name: "items", value: .array(items)), .init(name: "waiting", value: JSON(try await waiting())),
            .init(name: "feed", value: .string(position.text)), .init(name: "timed_out", value: .bool(timedOut)),
            .init(name: "resync", value: .bool(resync)),
        ])
    }

    /// How many items the answer to one wait has at most.
    private static let mostItems = 10

    private func waitingItems(_ session: String?) async throws -> [JSON] {
        var query = InboxQuery()
        query.session = session
        query.limit = Self.mostItems
        var list = BoundedList()
        for item in try await store.inbox(query).items {
            guard let row = item.attentionRow else { continue }
            guard list.add(.object(row)) else { break }
        }
        return list.items
    }

    /// The deltas of a page that still hold, each session once, and the `seq` up to which they are included.
    private func items(
        in page: ChangePage, of wanted: String?, _ wantsFinished: Bool
    ) async throws -> (items: [JSON], upTo: Int64) {
        var list = BoundedList()
        var told: Set<String> = []
        var upTo = page.next
        for delta in page.deltas where wanted == nil || delta.sessionID == wanted {
            guard delta.attention != nil || (wantsFinished && delta.finished), !told.contains(delta.sessionID) else {
                continue
            }
            guard let row = try await row(of: delta) else { continue }
            guard list.items.count < Self.mostItems, list.add(.object(row)) else {
                upTo = delta.seq - 1
                break
            }
            told.insert(delta.sessionID)
        }
        return (list.items, upTo)
    }

    /// The session's item; `nil` if the delta no longer holds.
    private func row(of delta: SessionDelta) async throws -> JSONObject? {
        var query = InboxQuery()
        query.session = delta.sessionID
        if let row = try await store.inbox(query).items.first?.attentionRow { return row }
        guard delta.finished, let session = try await store.session(delta.sessionID), session.state.isFinished else {
            return nil
        }
        var row = SessionRow(session, nil)
        row.why = session.state == .failed ? "failed" : "finished"
        return row.object
    }
}
