// SPDX-License-Identifier: Apache-2.0

internal import Glibc

extension ClientResponse {
    /// How long the peer asks to wait (`Retry-After`, RFC 9110 §10.2.3), in seconds or as a date; `nil` where it does
    /// not say.
    ///
    /// Seconds may have a fraction, which the RFC does not know and chat services send. A date is measured from the answer's own
    /// `Date`, so that a wrong clock on either side does not matter.
    public var retryAfter: Duration? {
        if let seconds = seconds("retry-after") { return seconds }
        guard let until = first("retry-after").flatMap(HTTPDate.init) else { return nil }
        let now = first("date").flatMap(HTTPDate.init)?.unixSeconds ?? Int64(time(nil))
        return .seconds(max(0, until.unixSeconds - now))
    }

    /// The value of the first header field called `name` as a number of seconds, with a fraction or without; `nil` for anything
    /// else. It is exact to the nanosecond.
    public func seconds(_ name: String) -> Duration? {
        guard let text = first(name) else { return nil }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }) else { return nil }
        // More digits than fit ask for longer than anybody waits, all the same.
        guard let whole = Int64(parts[0]) else { return .seconds(Int64.max) }
        guard parts.count == 2 else { return .seconds(whole) }
        let digits = parts[1].prefix(9)
        let fraction = (Int64(digits) ?? 0) * (0..<(9 - digits.count)).reduce(1) { product, _ in product * 10 }
        return .seconds(whole) + .nanoseconds(fraction)
    }
}
