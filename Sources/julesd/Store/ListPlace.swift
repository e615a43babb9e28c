// SPDX-License-Identifier: Apache-2.0

/// A position in a list ordered by time, and by id if the times are equal.
struct ListPlace: Sendable, Hashable {
    /// Nanoseconds since 1970.
    let time: Int64
    let id: String

    /// The `nextCursor` for this position.
    var cursor: String { "\(time).\(id)" }

    init(time: Int64, id: String) {
        self.time = time
        self.id = id
    }

    /// The position in a `nextCursor`; `nil` for any other text.
    init?(cursor: String) {
        let parts = cursor.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let time = Int64(parts[0]) else { return nil }
        self.init(time: time, id: String(parts[1]))
        guard self.cursor.utf8.elementsEqual(cursor.utf8) else { return nil }
    }
}
