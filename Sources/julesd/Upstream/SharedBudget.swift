// SPDX-License-Identifier: Apache-2.0

/// The budget of all instances that share a store, which counts what each of them sends.
protocol SharedBudget: Sendable {
    /// Takes one request from the budget, if the present task may still ask the API at all.
    ///
    /// - Parameters:
    ///   - budget: the limits. What it has counted so far does not matter.
    ///   - grant: an earlier one that was not used, which is given back.
    /// - Throws: `UpstreamError.withheld`.
    func take(
        for purpose: RequestBudget.Purpose, from budget: RequestBudget, insteadOf grant: SharedBudgetGrant?
    ) async throws(UpstreamError) -> SharedBudgetDecision
}

/// Whether a request may be sent.
enum SharedBudgetDecision: Sendable, Equatable {
    case granted(SharedBudgetGrant)
    /// Not yet. This is what has been taken from the budget, by the monotonic clock.
    case refused(spent: [RequestBudget.Request])
}

/// The permission to send one request, soon.
struct SharedBudgetGrant: Sendable, Equatable {
    /// Its number in the store.
    let number: Int64
    /// A time of the monotonic clock just before it was counted.
    let at: Duration

    /// How long it is valid. A request that is sent later would count for a minute that is over, and its instance may have been stopped
    /// and replaced meanwhile. `RequestBudget.window` allows for this time.
    static let validity = Duration.milliseconds(500)

    func isValid(at now: Duration) -> Bool { now - at < Self.validity }
}
