// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The resources whose updates a client of `subscriptions/listen` gets while its stream lasts.
struct Subscription: Sendable {
    /// The request's id, which names the subscription.
    let id: JSON
    let uris: [String]

    /// How many resources one subscription may name.
    static let mostResources = 100

    /// - Throws: `RPCError` -32602 if `notifications` is malformed.
    init(_ message: RPCMessage) throws(RPCError) {
        guard let id = message.id else { throw .invalidRequest("subscriptions/listen needs an id.") }
        guard let wanted = message.params["notifications"]?.object else {
            throw RPCError.invalidParams("params.notifications must be an object.").answering(id)
        }
        var uris: [String] = []
        if let list = wanted["resourceSubscriptions"] {
            guard let texts = list.array?.map(\.string), texts.count <= Self.mostResources, !texts.contains(nil) else {
                throw RPCError.invalidParams(
                    "resourceSubscriptions must be a list of at most \(Self.mostResources) addresses."
                ).answering(id)
            }
            uris = texts.compactMap(\.self)
        }
        self.id = id
        // Only the resources that are accepted are acknowledged.
        self.uris = uris.filter { $0 == ProtocolServer.attentionURI || ProtocolServer.session(of: $0) != nil }
    }

    private var meta: JSON { .object([RPCExchange.prefix + "subscriptionId": id]) }

    var acknowledgement: JSON {
        var honoured = JSONObject()
        if !uris.isEmpty { honoured["resourceSubscriptions"] = .array(uris.map(JSON.string)) }
        return [
            "jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
            "params": ["_meta": meta, "notifications": .object(honoured)],
        ]
    }

    /// The end of the stream, sent only at a stop or restart of the daemon.
    var end: JSON {
        ["jsonrpc": "2.0", "id": id, "result": ["resultType": "complete", "_meta": meta]]
    }

    private func update(_ uri: String) -> JSON {
        [
            "jsonrpc": "2.0", "method": "notifications/resources/updated",
            "params": ["_meta": meta, "uri": .string(uri)],
        ]
    }

    /// Sends each change until the task is cancelled or the daemon stops.
    ///
    /// - Throws: if the store fails.
    func run(_ store: SessionStore, _ feed: ChangeFeed, tell: @Sendable (JSON) -> Void) async throws {
        tell(acknowledgement)
        var seq = store.head.seq
        var waiting = try await store.waiting
        while !Task.isCancelled, !feed.isClosed {
            // An acknowledged item leaves the inbox without a delta: the next check notices it.
            await feed.wait(beyond: seq, timeout: .seconds(15))
            let page = try await store.changes(after: seq)
            seq = page.gap == nil ? page.next : page.head.seq
            let changed = Set(page.deltas.map(\.sessionID))
            for uri in uris {
                guard let session = ProtocolServer.session(of: uri) else { continue }
                if page.gap != nil || changed.contains(session) { tell(update(uri)) }
            }
            guard uris.contains(ProtocolServer.attentionURI) else { continue }
            let now = try await store.waiting
            if now != waiting { tell(update(ProtocolServer.attentionURI)) }
            waiting = now
        }
    }
}

/// Limits the number of subscriptions, because each of them reads the inbox again at every change.
final class SubscriptionCount: Sendable {
    private let limit: Int
    private let count = Atomic(0)

    init(limit: Int) { self.limit = limit }

    /// Runs `body` as one of the subscriptions.
    ///
    /// - Throws: `RPCError` if there are too many; otherwise what `body` throws.
    func holding(_ body: () async throws -> Void) async throws {
        defer { count.subtract(1, ordering: .relaxed) }
        guard count.add(1, ordering: .relaxed).newValue <= limit else {
            throw RPCError(
                code: -32603, message: "\(limit) subscriptions are open already; ask again when one has ended.")
        }
        try await body()
    }
}

extension SessionStore {
    /// The sessions that wait for a person, with their entries.
    fileprivate var waiting: [String: InboxEntry] {
        get async throws {
            let items = try await inbox().items
            return Dictionary(items.map { ($0.sessionID, $0.entry) }, uniquingKeysWith: { $1 })
        }
    }
}
