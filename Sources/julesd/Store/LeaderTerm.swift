// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The term of the leader for whom the present task works; see ``Leadership``.
///
/// A transaction of a task with a term commits only if the store is still in this term.
enum LeaderTerm {
    @TaskLocal static var current: Int64?
}

/// Another instance leads by now, so this one must not write what it has begun as the leader.
struct NotLeaderError: StorageError {
    let isConstraint = false
    let isFaultOfCaller = false
    let isTrouble = false
    var description: String { "another instance leads now" }
}
