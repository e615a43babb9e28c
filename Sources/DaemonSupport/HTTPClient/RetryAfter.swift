// SPDX-License-Identifier: Apache-2.0

internal import Glibc

extension ClientResponse {
    /// How long the server asks to wait (`Retry-After`, RFC 9110 §10.2.3), given in seconds or as a date; `nil` if the
    /// field is missing or malformed.
    ///
    /// Seconds may have a fraction: chat services send one, although the RFC has none. A date is compared with the
    /// response's own `Date`, so a wrong clock on either side does not matter.
    public var retryAfter: Duration? {
        if let seconds = seconds("retry-after") { return seconds }
        guard let until = first("retry-after").flatMap(HTTPDate.init) else { return nil }
        let now = first("date").flatMap(HTTPDate.init)?.unixSeconds ?? Int64(time(nil))
        return .seconds(max(0, until.unixSeconds - now))
    }

    /// The value of the first header field with this name as a number of seconds, with or without a fraction. It is
    /// exact to the nanosecond. `nil` for any other value.
    public func seconds(_ name: String) -> Duration? {
        guard let text = first(name) else { return nil }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }) else { return nil }
        // A number with more digits than fit is longer than anybody waits.
        guard let whole = Int64(parts[0]) else { return .seconds(Int64.max) }
        guard parts.count == 2 else { return .seconds(whole) }
        let digits = parts[1].prefix(9)
        let fraction = (Int64(digits) ?? 0) * (0..<(9 - digits.count)).reduce(1) { product, _ in product * 10 }
        return .seconds(whole) + .nanoseconds(fraction)
    }
}
