// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The value of the `Date` header field (RFC 9110 §5.6.7). It is formatted at most once a second.
struct DateField {
    private var second: time_t = -1
    private(set) var text = ""

    /// The value for the present time.
    mutating func now() -> String {
        let now = time(nil)
        if now != second {
            second = now
            text = HTTPDate(unixSeconds: Int64(now)).text
        }
        return text
    }
}
