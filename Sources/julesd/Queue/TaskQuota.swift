// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// How many tasks the account may start; 0 means no limit of ours.
struct TaskLimits: Sendable, Equatable {
    /// Within 24 h.
    var perDay = 0
    var atOnce = 0
    /// Of one repository.
    var atOncePerRepository = 0
}

/// What the account really did, for all of its users.
struct TaskUsage: Sendable, Equatable {
    /// When each session of the last 24 h was created, oldest first. Deleted sessions count too.
    var created: [Timestamp] = []
    /// How many sessions have not ended, by repository in lower case. The empty name stands for no repository.
    var running: [String: Int] = [:]

    var atOnce: Int { running.values.reduce(0, +) }
}

/// The room that the limits leave.
struct TaskQuota: Sendable, Equatable {
    var limits: TaskLimits
    var usage: TaskUsage

    /// How long a session counts against the limit of a day.
    static let day = Duration.seconds(86_400)

    /// Whether nothing may start now.
    ///
    /// - Parameter pending: how many sessions may have been created that our copy does not show yet.
    func isFull(besides pending: Int = 0) -> Bool {
        (limits.perDay > 0 && usage.created.count + pending >= limits.perDay)
            || (limits.atOnce > 0 && usage.atOnce + pending >= limits.atOnce)
    }

    /// Whether the repository has as many running sessions as allowed. Sessions without a repository are not limited.
    func isFull(_ repository: String) -> Bool {
        limits.atOncePerRepository > 0 && !repository.isEmpty
            && usage.running[repository, default: 0] >= limits.atOncePerRepository
    }

    /// When the limit of a day has its next free place; `nil` if there is one now.
    var nextFree: Timestamp? {
        guard limits.perDay > 0, usage.created.count >= limits.perDay else { return nil }
        return usage.created[usage.created.count - limits.perDay].advanced(by: Self.day)
    }

    /// The earliest time at which the task at this position can start; `nil` without a limit of a day.
    ///
    /// - Parameter position: 1 for the next one.
    func earliest(position: Int, at now: Timestamp) -> Timestamp? {
        guard limits.perDay > 0 else { return nil }
        let taken = usage.created.suffix(limits.perDay)
        let free = limits.perDay - taken.count
        let (days, place) = (position - 1).quotientAndRemainder(dividingBy: limits.perDay)
        // A place is free again one day after it was taken.
        let first = place < free ? now : taken[taken.startIndex + place - free].advanced(by: Self.day)
        return max(first, now).advanced(by: Self.day * days)
    }
}

extension TaskLimits {
    /// The limits in the settings.
    init(_ settings: Settings) {
        self.init(
            perDay: settings.tasksPerDay, atOnce: settings.tasksAtOnce,
            atOncePerRepository: settings.tasksAtOncePerRepository)
    }
}
