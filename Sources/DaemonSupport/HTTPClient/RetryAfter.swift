// SPDX-License-Identifier: Apache-2.0

internal import Glibc

extension ClientResponse {
    /// How long the peer asks to wait (`Retry-After`, RFC 9110 §10.2.3), in seconds or as a date; `nil` where it does
    /// not say.
    ///
    /// A date is measured from the answer's own `Date`, so that a wrong clock on either side does not matter.
    public var retryAfter: Duration? {
        guard let text = first("retry-after") else { return nil }
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
            // More digits than fit ask for longer than anybody waits, all the same.
            return .seconds(Int64(text) ?? .max)
        }
        guard let until = HTTPDate(text) else { return nil }
        let now = first("date").flatMap(HTTPDate.init)?.unixSeconds ?? Int64(time(nil))
        return .seconds(max(0, until.unixSeconds - now))
    }
}
