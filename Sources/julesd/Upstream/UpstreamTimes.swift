// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The times that are no settings. The defaults are what the daemon runs with; a test may be in more of a hurry.
struct UpstreamTimes: Sendable {
    /// How long the API is left alone after it refused the key.
    var refusalPause = Duration.seconds(60)
    /// The slowest poll, unless the API asks for more.
    var ceiling = Duration.seconds(60)
    /// The time between two readings of the whole account.
    var walkInterval = Duration.seconds(3600)
    /// The first pause after a failed page of the account or of a session's history; it doubles from there.
    var retry = Duration.seconds(1)
    /// The longest first pause before a person's request is made again.
    var userRetry = Duration.milliseconds(500)
    /// The pauses before each look for a session that may have been created although the answer did not say so.
    var searchPauses: [Duration] = [.zero, .seconds(1), .seconds(2)]
    /// The time of day by which an outcome is recognised: it is compared with the API's.
    var now: @Sendable () -> Timestamp = { .now }
}
