// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension Timestamp {
    static func + (left: Timestamp, right: Duration) -> Timestamp { left.advanced(by: right) }
    static func - (left: Timestamp, right: Duration) -> Timestamp { left.advanced(by: .zero - right) }
    static func - (left: Timestamp, right: Timestamp) -> Duration { left.duration(since: right) }

    /// The time rounded down to microseconds, which is the API's resolution.
    var wholeMicroseconds: Timestamp { Timestamp(nanoseconds: nanoseconds - nanoseconds % 1000) }

    /// The time in the form of an HTTP `Date` field.
    var httpDate: String { HTTPDate(unixSeconds: nanoseconds / 1_000_000_000).text }
}

extension Duration {
    static func * (duration: Duration, factor: Double) -> Duration {
        .nanoseconds(Int64(Double(duration.nanoseconds) * factor))
    }
}
