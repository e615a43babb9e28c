// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// An ordered log in memory. The text of a message is its positions: `3...5`.
final class TestLog: Sendable {
    private let messages = Mutex<[BroadcastMessage]>([])

    var head: Int64 { messages.withLock { $0.last?.positions.upperBound ?? 0 } }

    /// Adds a message of `count` positions.
    func append(_ count: Int64 = 1) -> BroadcastMessage {
        messages.withLock { messages in
            let first = (messages.last?.positions.upperBound ?? 0) + 1
            let new = TestLog.message(first...(first + count - 1))
            messages.append(new)
            return new
        }
    }

    /// Up to `limit` positions after `cursor`. The page is cut exactly there, even inside a message.
    func page(after cursor: Int64, limit: Int64) -> ReplayPage {
        messages.withLock { messages in
            let wanted = (cursor + 1)...(cursor + limit)
            return ReplayPage(
                messages: messages.filter { $0.positions.overlaps(wanted) }
                    .map { TestLog.message($0.positions.clamped(to: wanted)) })
        }
    }

    private static func message(_ positions: ClosedRange<Int64>) -> BroadcastMessage {
        BroadcastMessage(positions: positions, message: DaemonSupportTests.message("\(positions)"))
    }
}

/// All positions in texts of the form `3...5`, in order.
func positions(_ texts: [String]) -> [Int64] {
    texts.flatMap { text -> [Int64] in
        let bounds = text.split(separator: "...").compactMap { Int64($0) }
        return bounds.count == 2 ? Array(bounds[0]...bounds[1]) : []
    }
}
