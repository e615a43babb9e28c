// SPDX-License-Identifier: Apache-2.0

/// Why a database, or the way to it, refused.
public protocol StorageError: Error, Sendable, CustomStringConvertible {
    /// A UNIQUE, CHECK, NOT NULL or foreign key constraint was violated. Nothing was written.
    var isConstraint: Bool { get }
    /// The error is in the statement or its use. The database is fine.
    var isFaultOfCaller: Bool { get }
    /// The database is damaged or is none. Only a backup helps.
    var isCorruption: Bool { get }
    /// The database cannot be reached or takes nothing at present. Another attempt may work.
    var isUnavailable: Bool { get }
    /// It says that the database does not work as it should.
    var isTrouble: Bool { get }
}

extension StorageError {
    /// No.
    public var isCorruption: Bool { false }
    /// No.
    public var isUnavailable: Bool { false }
    /// Every error is trouble, except a violated constraint.
    public var isTrouble: Bool { !isConstraint }
}
