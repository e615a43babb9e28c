// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A duration in the largest unit that fits: `12 s`, `3 min`, `5 h`, `8 d`.
func age(seconds: Int) -> String {
    switch seconds {
    case ..<0: "0 s"
    case ..<60: "\(seconds) s"
    case ..<3600: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3600) h"
    default: "\(seconds / 86_400) d"
    }
}

/// The time since an RFC 3339 time; empty if `text` is not one.
func age(since text: String?, now: Timestamp = .now) -> String {
    guard let then = text.flatMap(Timestamp.init(rfc3339:)) else { return "" }
    return age(seconds: Int(now.duration(since: then).components.seconds))
}
