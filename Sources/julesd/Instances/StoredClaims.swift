// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The claims of all instances, as rows of the store, and the sign of life on which they depend.
///
/// A claim is void if its instance has been silent for too long by the server's clock. Nobody takes one over who has not reached the
/// store himself for as long: while it was away, nobody could give a sign of life.
final class StoredClaims: KeyClaims {
    /// How often an instance gives a sign of life, and how long it may be silent.
    static let signInterval = Duration.seconds(1)
    private let longestSilence: Duration
    /// After this silence its row is removed.
    static let removalTime = Duration.seconds(60)
    /// The pause before a claim of another instance is looked at again.
    static let pause = Duration.milliseconds(100)

    private struct State {
        var held: Set<String> = []
        /// Claims that could not be removed from the store.
        var unreleased: Set<String> = []
        /// The last sign of life, and the first of those since the store can be reached, on the monotonic clock.
        var lastSign: Duration?
        var firstSign: Duration?

        mutating func noteSign(at now: Duration, silence: Duration) {
            if !isHeard(at: now, silence) { firstSign = now }
            lastSign = now
        }

        /// Whether the store has been reached all the time for as long as a claim takes to become void.
        func mayTakeOver(at now: Duration, silence: Duration) -> Bool {
            isHeard(at: now, silence) && firstSign.map { now - $0 > silence } ?? false
        }

        private func isHeard(at now: Duration, _ silence: Duration) -> Bool {
            lastSign.map { now - $0 < silence / 2 } ?? false
        }
    }

    private let engine: PostgreSQLEngine
    private let state = Mutex(State())

    /// - Parameter longestSilence: after how long without a sign of life the claims of an instance are void.
    init(engine: PostgreSQLEngine, longestSilence: Duration = .seconds(6)) {
        self.engine = engine
        self.longestSilence = longestSilence
    }

    /// Gives signs of life of this instance until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await giveSign()
            try? await Task.sleep(for: Self.signInterval)
        }
    }

    /// Gives a sign of life, sets the clock by the server's, and removes what instances that have ended have left.
    func giveSign() async throws {
        try await engine.coordination.with { [self] connection in
            try connection.giveSign(of: engine.run)
            try engine.setClock(connection)
            if state.withLock({ $0.mayTakeOver(at: .monotonic, silence: longestSilence) }) {
                try connection.removeSilentInstances()
            }
            for key in state.withLock({ $0.unreleased.subtracting($0.held) }) { try remove(key, connection) }
            state.withLock { $0.noteSign(at: .monotonic, silence: longestSilence) }
        }
    }

    func hold<Value: Sendable>(
        _ key: String, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        while true {
            while case .other = try await tryToClaim(key) { try await Task.sleep(for: Self.pause) }
            let result: Result<Value, any Error>
            do {
                let claim = KeyClaim(key: key, instance: engine.run)
                result = .success(try await KeyClaim.$current.withValue(claim, operation: body))
            } catch {
                result = .failure(error)
            }
            await release(key)
            if case .failure(let error) = result, error.isLossOfClaim { continue }
            return try result.get()
        }
    }

    func claim(_ key: String, within time: Duration) async throws -> Bool {
        let deadline = .monotonic + time
        var first: Holder?
        while true {
            switch try await tryToClaim(key) {
            case .own: return true
            case .other(let holder):
                if .monotonic >= deadline, let first, holder != first { return false }
                first = first ?? holder
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    func release(_ key: String) async {
        state.withLock { state in
            state.held.remove(key)
            state.unreleased.insert(key)
        }
        // If the store cannot be reached, the next sign of life does it.
        try? await engine.coordination.with { [self] in try remove(key, $0) }
    }

    private func remove(_ key: String, _ connection: any SQLConnection) throws {
        guard state.withLock({ !$0.held.contains(key) && $0.unreleased.contains(key) }) else { return }
        try connection.run(
            "DELETE FROM key_claim WHERE key = ? AND instance = ?", .text(key), .text(engine.run))
        state.withLock { _ = $0.unreleased.remove(key) }
    }

    /// Whose claim it is.
    fileprivate enum Claim {
        case own
        case other(Holder)
    }

    /// An instance, and its last sign of life by the server's clock.
    fileprivate struct Holder: Equatable {
        let instance: String
        let seen: Int64?
    }

    private func tryToClaim(_ key: String) async throws -> Claim {
        do {
            let claim = try await engine.coordination.with { [self] connection in
                let mayTakeOver = state.withLock { state in
                    state.held.insert(key)
                    return state.mayTakeOver(at: .monotonic, silence: longestSilence)
                }
                let claim = try connection.transaction {
                    try connection.giveSign(of: engine.run)
                    return try connection.claim(key, for: engine.run, after: mayTakeOver ? longestSilence : nil)
                }
                state.withLock { $0.noteSign(at: .monotonic, silence: longestSilence) }
                return claim
            }
            if case .other = claim { state.withLock { _ = $0.held.remove(key) } }
            return claim
        } catch {
            // Perhaps it was claimed.
            await release(key)
            throw error
        }
    }
}

extension SQLConnection {
    /// Notes that an instance is alive.
    fileprivate func giveSign(of instance: String) throws {
        try run(
            """
            INSERT INTO instance (id, seen) VALUES (?, \(ServerTime.sql))
            ON CONFLICT (id) DO UPDATE SET seen = excluded.seen
            """, .text(instance))
    }

    /// Removes instances that have ended, and their claims.
    fileprivate func removeSilentInstances() throws {
        // A time in the future is one of a server whose clock was ahead.
        try run(
            """
            UPDATE instance SET seen = present.time FROM (SELECT \(ServerTime.sql) AS time) AS present
            WHERE seen > present.time
            """)
        try run(
            "DELETE FROM instance WHERE seen < \(ServerTime.sql) - ?",
            .integer(StoredClaims.removalTime.nanoseconds))
        try run("DELETE FROM key_claim WHERE NOT EXISTS (SELECT 1 FROM instance WHERE id = key_claim.instance)")
    }

    /// Claims a key that nobody has claimed, or whose claim is void.
    ///
    /// - Parameter silence: after how long without a sign of life; `nil` if only the claim of an instance that has been removed is.
    fileprivate func claim(_ key: String, for instance: String, after silence: Duration?) throws -> StoredClaims.Claim {
        try run(
            """
            INSERT INTO key_claim AS present (key, instance) VALUES (?1, ?2)
            ON CONFLICT (key) DO UPDATE SET instance = excluded.instance
            WHERE present.instance = excluded.instance OR NOT EXISTS (
                SELECT 1 FROM instance WHERE id = present.instance AND (?3 = 0 OR seen > \(ServerTime.sql) - ?3))
            """, .text(key), .text(instance), .integer(silence?.nanoseconds ?? 0))
        if changes == 1 { return .own }
        let holder = try first(
            "SELECT key_claim.instance, seen FROM key_claim LEFT JOIN instance ON id = key_claim.instance WHERE key = ?",
            [.text(key)]
        ) { StoredClaims.Holder(instance: $0.text(0), seen: $0.intOrNil(1)) }
        return .other(holder ?? StoredClaims.Holder(instance: "", seen: nil))
    }
}

extension Error {
    /// Whether another instance has taken over the request.
    fileprivate var isLossOfClaim: Bool { self is KeyTakenError || self as? UpstreamError == .withheld(.keyTaken) }
}
