// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// The instances that share a store. Without a server the only one is this one, which always leads.
struct Instances: Sendable {
    /// The name of this instance.
    let name: String
    /// `nil` if this process alone uses the store.
    private let leadership: Leadership?
    /// The budget and the claims of all instances; `nil` if this process alone uses the store.
    let budget: (any SharedBudget)?
    let claims: (any KeyClaims)?
    private let signs: StoredClaims?

    /// - Parameter idle: called about once a second while this instance does not lead.
    init(
        _ store: SessionStore, name: String, idle: @escaping @Sendable () -> Void = {}, logger: Logger
    ) {
        self.name = name
        guard let engine = store.engine as? PostgreSQLEngine else {
            (leadership, budget, claims, signs) = (nil, nil, nil, nil)
            return
        }
        let claims = StoredClaims(engine: engine)
        leadership = Leadership(store: store, engine: engine, idle: idle, logger: logger)
        budget = StoredBudget(engine: engine)
        self.claims = claims
        signs = claims
    }

    /// Whether the store is shared.
    var isShared: Bool { leadership != nil }

    /// The name of the instance that leads; `nil` if none does, or the store cannot be reached.
    var leader: String? { leadership.map(\.leader) ?? name }

    /// Whether this instance leads.
    var isLeading: Bool { leadership?.isLeading ?? true }

    /// Since when the shared store cannot be reached; `nil` if it can.
    var awaySince: Timestamp? { leadership?.awaySince }

    /// Runs `body` while this instance leads, again each time it becomes the leader, until the task is cancelled.
    func whileLeading(_ body: @escaping @Sendable () async -> Void) async {
        guard let leadership else { return await body() }
        await leadership.whileLeading(body)
    }

    /// Tells the other instances something, soon.
    func announce(_ announcement: Announcement) {
        guard let leadership else { return }
        Task { await leadership.announce(announcement) }
    }

    /// Follows the other instances, and tries to lead, until the task is cancelled.
    ///
    /// - Parameter heard: called with what another instance has announced.
    func run(heard: @escaping @Sendable (Announcement) async -> Void) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await leadership?.run(heard: heard) }
            group.addTask { await signs?.run() }
        }
    }
}
