// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The sessions that are stored with the same text that the API's list showed last, by a hash of that text.
///
/// Nearly always the list shows the same texts again. They are recognised here, without parsing them and without a query. Only the
/// writer's thread uses this. It forgets a session before it writes another text of it, and notes a session after the commit. A session
/// that is not noted here is compared in the store.
struct KnownTexts {
    private struct Entry {
        let id: String
        let digest: UInt64
    }

    private let hash = KeyedHash()
    /// By the hash of the id. Two ids with the same hash replace each other, and then are compared in the store.
    private var entries: [UInt64: Entry] = [:]

    /// The id of the session that `item` shows, if it is known to be stored with the same text.
    func id(of item: JSONList.Item, in list: JSONList) -> String? {
        guard let entry = entries[list.withID(of: item, hash.callAsFunction)], entry.digest == item.digest,
            list.id(of: item, is: entry.id)
        else { return nil }
        return entry.id
    }

    /// Notes that a session is stored with the text of `item`.
    mutating func note(_ id: String, as item: JSONList.Item, in list: JSONList) {
        guard list.id(of: item, is: id) else { return }
        entries[list.withID(of: item, hash.callAsFunction)] = Entry(id: id, digest: item.digest)
    }

    /// Notes that a session is about to be deleted, or stored with another text.
    mutating func forget(_ id: String) {
        var id = id
        entries[id.withUTF8 { hash(UnsafeRawBufferPointer($0)) }] = nil
    }
}

extension JSONList {
    /// Whether the item's `id` is `id`.
    fileprivate func id(of item: Item, is id: String) -> Bool {
        withID(of: item) { $0.elementsEqual(id.utf8) }
    }
}
