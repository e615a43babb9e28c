// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The times that are no settings. The daemon uses the defaults; tests use shorter ones.
struct UpstreamTimes: Sendable {
    /// How long no request is sent after the API refused the key.
    var refusalPause = Duration.seconds(60)
    /// The slowest poll, unless the API asks for a longer pause.
    var ceiling = Duration.seconds(60)
    /// The time between two reads of the whole account.
    var walkInterval = Duration.seconds(3600)
    /// The first pause after a failed page of the account or of a session's history. It doubles with each further one.
    var retry = Duration.seconds(1)
    /// The longest first pause before a person's request is repeated.
    var userRetry = Duration.milliseconds(500)
    /// The pauses before each search for the outcome of a request whose answer was lost.
    var searchPauses: [Duration] = [.zero, .seconds(1), .seconds(2)]
    /// The wall clock; `nil` for the one of the store. An outcome is identified by it, because it is compared with the API's times.
    var now: (@Sendable () -> Timestamp)?
}
