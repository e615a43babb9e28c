// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The items of an answer, as many as fit into its limit.
struct BoundedList: Sendable {
    /// How many characters of data an answer has by default.
    static let room = 12_000

    private(set) var items: [JSON] = []
    private var left: Int

    init(room: Int = BoundedList.room) { left = room }

    /// Adds an item if it fits; the first one always does.
    mutating func add(_ item: JSON) -> Bool {
        let size = item.description.unicodeScalars.count + 1
        guard items.isEmpty || size <= left else { return false }
        items.append(item)
        left -= size
        return true
    }
}
