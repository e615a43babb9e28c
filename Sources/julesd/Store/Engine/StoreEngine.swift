// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The database behind the store. ``SessionStore`` and the rooms above it do not know which one it is.
protocol StoreEngine: Sendable {
    /// The connection that writes. Its thread is the writer's thread.
    var writer: any SQLDatabase { get }
    /// The connection that reads. It may be the same.
    var reader: any SQLDatabase { get }
    /// The clock for waits and ages.
    var clock: SteadyClock { get }
    /// The wall clock: the server's, which all instances share, or else this machine's.
    var wallNow: Timestamp { get }
    /// The limits of a log in memory; `nil` if only its age limits the log.
    var limits: StoreLocation.Limits? { get }

    /// Called first in each transaction that writes.
    ///
    /// - Parameter known: the position after the last transaction that this process knows.
    /// - Returns: the present position, which nobody else can change until the transaction ends.
    func begin(_ connection: any SQLConnection, known: StorePosition) throws -> StorePosition

    /// Called last in a transaction that has changed something.
    func finish(_ connection: any SQLConnection) throws

    /// Called before a `seq` is published.
    func note(told seq: Int64)

    /// The kind of the store, and its size in bytes.
    func size(_ connection: any SQLConnection) throws -> (kind: String, bytes: Int64)

    /// Whether the store is undamaged. The first call may have to check it, which takes time.
    func isSound(_ health: StoreHealth) async -> Bool

    /// Closes the connections. A damaged store is not written to.
    func close(_ health: StoreHealth) async
}

/// An open store, and where its log is.
struct OpenedStore: Sendable {
    let engine: any StoreEngine
    let head: LogHead
    /// One less than the number of the epoch's first delta.
    let origin: Int64
    /// Whether it is not the store that the last run left, so that a new epoch has begun.
    var isReplaced = false
}
