// SPDX-License-Identifier: Apache-2.0

/// A source (repository) that the account can use.
struct AccountSource: Sendable, Equatable {
    /// Its resource name, such as `sources/github/owner/name`; empty if the API gives none.
    let name: String
    /// The API's JSON object as received, without the white space between tokens.
    let body: [UInt8]
}
