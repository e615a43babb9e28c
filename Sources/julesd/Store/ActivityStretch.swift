// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A range of a session's activities, oldest first, in the pages of the Jules API.
struct ActivityStretch: Sendable, Equatable {
    /// The beginning of a range.
    enum Start: Sendable, Equatable {
        case first
        /// The first activity that was created at this time or later.
        case time(Timestamp)
        /// The first activity after the one with this id, which was created at this time.
        case after(Timestamp, id: String)
    }

    let session: String
    var start = Start.first
    /// Only activities created after this time.
    var createdAfter: Timestamp?
    let limit: Int

    /// The earliest creation time of an activity in the range; `nil` for any.
    var earliest: Timestamp? {
        let begin: Timestamp? =
            switch start {
            case .first: nil
            case .time(let time), .after(let time, _): time
            }
        return [begin, createdAfter].compactMap(\.self).max()
    }
}

extension SessionStore {
    /// The stored activities of a range, and the beginning of the next one; `nil` if there is none.
    ///
    /// If the next range begins between two activities with the same time, it is named by the id of the earlier one;
    /// otherwise by the time of the later one.
    func activities(_ stretch: ActivityStretch) async throws -> (bodies: [[UInt8]], next: ActivityStretch.Start?) {
        try await read { connection in
            var (created, number): (Int64, Int64) = (.min, .min)
            switch stretch.start {
            case .first: break
            case .time(let time): created = time.nanoseconds
            case .after(let time, let id):
                created = time.nanoseconds
                // If the activity has been removed, another one may come twice, but none is lost.
                number =
                    try connection.first(
                        "SELECT number FROM activity WHERE session = ? AND id = ?", [.text(stretch.session), .text(id)]
                    ) { $0.int(0) } ?? .min
            }
            let rows = try connection.query(
                """
                SELECT id, created, body FROM activity WHERE session = ? AND (created, number) > (?, ?) AND created > ?
                ORDER BY created, number LIMIT ?
                """,
                [
                    .text(stretch.session), .integer(created), .integer(number),
                    .integer(stretch.createdAfter?.nanoseconds ?? .min), .integer(Int64(stretch.limit) + 1),
                ]
            ) { (id: $0.text(0), created: Timestamp(nanoseconds: $0.int(1)), body: $0.blob(2)) }
            let page = rows.prefix(stretch.limit)
            guard rows.count > stretch.limit, let last = page.last, let following = rows.last else {
                return (page.map(\.body), nil)
            }
            let next: ActivityStretch.Start =
                last.created == following.created ? .after(last.created, id: last.id) : .time(following.created)
            return (page.map(\.body), next)
        }
    }
}
