// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Whether the store takes what it is given, and since when it does not.
///
/// Trouble that passes (a full disk, a failing fsync) is told once when it begins and once when a write has succeeded again.
/// Damage does not pass: from then on nothing is written any more, and whoever awaits ``damage`` learns of it.
final class StoreHealth: Sendable {
    /// A turn for the better or worse.
    enum Turn: Sendable {
        case trouble(SQLiteError)
        case damaged(SQLiteError)
        case back(after: Duration)
    }

    /// Yields once, where the file turns out to be damaged.
    let damage: AsyncStream<SQLiteError>
    private let damaged: AsyncStream<SQLiteError>.Continuation
    private let state = Mutex(State())

    private struct State {
        var trouble: (error: SQLiteError, since: Timestamp)?
        var isDamaged = false
        var onTurn: @Sendable (Turn) -> Void = { _ in }
    }

    init() { (damage, damaged) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1)) }

    /// Hands every later turn to `onTurn`.
    func follow(_ onTurn: @escaping @Sendable (Turn) -> Void) { state.withLock { $0.onTurn = onTurn } }

    /// What is wrong at present.
    var trouble: (error: SQLiteError, since: Timestamp)? { state.withLock(\.trouble) }

    /// Whether the file onTurn out to be damaged.
    var isDamaged: Bool { state.withLock(\.isDamaged) }

    /// Runs `body`, which reads.
    func reading<Value>(_ connection: SQLiteConnection, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as SQLiteError {
            note(error, on: connection)
            throw error
        }
    }

    /// Runs `body`, which has written when it returns where there was trouble before. Nothing is written to a damaged file.
    func writing<Value>(_ connection: SQLiteConnection, _ body: () throws -> Value) throws -> Value {
        if isDamaged, let error = trouble?.error { throw error }
        let value = try reading(connection, body)
        noteWritten()
        return value
    }

    private func note(_ error: SQLiteError, on connection: SQLiteConnection, at now: Timestamp = .now) {
        // A broken rule is a fault of the statement.
        guard !error.isConstraint, !isDamaged else { return }
        // SQLite takes a page that cannot be read for a damaged one. Damage is what a look at the whole file finds.
        let damage = error.isCorruption ? (try? connection.damage()) ?? nil : nil
        let told: (onTurn: @Sendable (Turn) -> Void, turn: Turn)? = state.withLock { state in
            guard damage != nil || state.trouble == nil else { return nil }
            state.isDamaged = damage != nil
            state.trouble = (damage ?? error, state.trouble?.since ?? now)
            return (state.onTurn, damage.map(Turn.damaged) ?? .trouble(error))
        }
        guard let told else { return }
        told.onTurn(told.turn)
        if let damage {
            damaged.yield(damage)
            damaged.finish()
        }
    }

    private func noteWritten(at now: Timestamp = .now) {
        let told: (onTurn: @Sendable (Turn) -> Void, turn: Turn)? = state.withLock { state in
            guard let trouble = state.trouble, !state.isDamaged else { return nil }
            state.trouble = nil
            return (state.onTurn, .back(after: now.duration(since: trouble.since)))
        }
        if let told { told.onTurn(told.turn) }
    }
}

extension StoreHealth.Turn {
    /// Tells the administrator, once for each turn.
    func log(to logger: Logger) {
        switch self {
        case .trouble(let error):
            logger.event(
                .storageTrouble, level: .error,
                "the store fails: \(error); what changes is stored and told once it works again")
        case .damaged(let error):
            logger.event(.storageTrouble, level: .error, "\(StoreError.damaged("\(error)"))")
        case .back(let time):
            logger.event(.storageBack, "the store works again after \(time); nothing was lost")
        }
    }
}
