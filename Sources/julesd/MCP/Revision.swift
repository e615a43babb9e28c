// SPDX-License-Identifier: Apache-2.0

/// The revisions of the Model Context Protocol that are served, newest first.
enum Revision: String, Sendable, CaseIterable {
    /// Stateless: each request has its version in `_meta`.
    case stateless = "2026-07-28"
    case november2025 = "2025-11-25"
    case june2025 = "2025-06-18"
    case march2025 = "2025-03-26"

    /// Whether clients begin with `initialize`.
    var hasHandshake: Bool { self != .stateless }
    /// Whether results have `structuredContent`, and tools a title and an output schema.
    var hasStructuredContent: Bool { self != .march2025 }

    /// The answer to a client that asks for a revision with a handshake that is not served.
    static let newestWithHandshake = november2025
    /// All names, newest first.
    static let names = allCases.map(\.rawValue)
}
