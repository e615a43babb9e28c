// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Whether the store accepts writes, and since when it does not.
///
/// A temporary error (a full disk, a failing fsync) is reported once when it begins and once when a write has succeeded
/// again. Damage is permanent: from then on nothing is written, and every task that awaits ``damage`` is informed.
final class StoreHealth: Sendable {
    /// A change of the store's health.
    enum Turn: Sendable {
        case trouble(any StorageError)
        case damaged(any StorageError)
        case back(after: Duration)
    }

    /// Yields once, if the file is found to be damaged.
    let damage: AsyncStream<any StorageError>
    private let damaged: AsyncStream<any StorageError>.Continuation
    private let state = Mutex(State())

    private struct State {
        var trouble: (error: any StorageError, since: Timestamp)?
        var isDamaged = false
        var onTurn: @Sendable (Turn) -> Void = { _ in }
    }

    init() { (damage, damaged) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1)) }

    /// Calls `onTurn` with every later change.
    func follow(_ onTurn: @escaping @Sendable (Turn) -> Void) { state.withLock { $0.onTurn = onTurn } }

    /// The present error; `nil` if there is none.
    var trouble: (error: any StorageError, since: Timestamp)? { state.withLock(\.trouble) }

    /// Whether the file has been found to be damaged.
    var isDamaged: Bool { state.withLock(\.isDamaged) }

    /// Runs `body`, which reads.
    func reading<Value>(_ connection: any SQLConnection, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as any StorageError {
            note(error, on: connection)
            throw error
        }
    }

    /// Runs `body`. If there was an error before, its return proves that a write succeeded. Nothing is written to a damaged
    /// file.
    func writing<Value>(_ connection: any SQLConnection, _ body: () throws -> Value) throws -> Value {
        if isDamaged, let error = trouble?.error { throw error }
        let value = try reading(connection, body)
        noteWorks()
        return value
    }

    /// Notes that a check of the file has failed: nothing more is written to it.
    func note(unsound error: any StorageError, at now: Timestamp = .now) {
        let onTurn: (@Sendable (Turn) -> Void)? = state.withLock { state in
            guard !state.isDamaged else { return nil }
            state.isDamaged = true
            state.trouble = (error, state.trouble?.since ?? now)
            return state.onTurn
        }
        guard let onTurn else { return }
        onTurn(.damaged(error))
        damaged.yield(error)
        damaged.finish()
    }

    private func note(_ error: any StorageError, on connection: any SQLConnection, at now: Timestamp = .now) {
        guard error.isTrouble, !isDamaged else { return }
        // SQLite takes a page that cannot be read for a damaged one. Only a check of the whole file finds damage.
        if error.isCorruption, let damage = (try? (connection as? SQLiteConnection)?.damage()) ?? nil {
            return note(unsound: damage, at: now)
        }
        note(error, at: now)
    }

    /// Notes an error. A violated constraint is an error of the statement, not of the store.
    func note(_ error: any StorageError, at now: Timestamp = .now) {
        guard error.isTrouble else { return }
        let onTurn: (@Sendable (Turn) -> Void)? = state.withLock { state in
            guard state.trouble == nil else { return nil }
            state.trouble = (error, now)
            return state.onTurn
        }
        onTurn?(.trouble(error))
    }

    /// Notes that the store has done what it was asked for.
    func noteWorks(at now: Timestamp = .now) {
        let told: (onTurn: @Sendable (Turn) -> Void, turn: Turn)? = state.withLock { state in
            guard let trouble = state.trouble, !state.isDamaged else { return nil }
            state.trouble = nil
            return (state.onTurn, .back(after: now.duration(since: trouble.since)))
        }
        if let told { told.onTurn(told.turn) }
    }
}

extension StoreHealth.Turn {
    /// Writes the change to the journal.
    func log(to logger: Logger) {
        switch self {
        case .trouble(let error):
            logger.event(
                .storageTrouble, level: .error,
                "the store fails: \((error as? PostgreSQLError)?.withAdvice ?? "\(error)"); what changes is stored and told once it works again"
            )
        case .damaged(let error):
            logger.event(.storageTrouble, level: .error, "\(StoreError(error))")
        case .back(let time):
            logger.event(.storageBack, "the store works again after \(time)")
        }
    }
}
