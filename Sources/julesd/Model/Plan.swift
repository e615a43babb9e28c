// SPDX-License-Identifier: Apache-2.0

/// What an agent plans to do.
struct Plan: Sendable, Equatable {
    let id: String
    /// The titles of its steps, in order.
    let steps: [String]
}
