// SPDX-License-Identifier: Apache-2.0

/// What browsers let the page do.
enum PagePolicy {
    /// The Content-Security-Policy: run its own files, show images that it makes of an activity's data, and talk to its own origin,
    /// WebSockets included. Trusted Types (w3.org/TR/trusted-types) forbid every way in which text could become markup.
    static let content = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "media-src blob:",
        "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")

    /// Header fields that every file of the page carries.
    static let fields = [
        (name: "content-security-policy", value: content),
        (name: "x-content-type-options", value: "nosniff"),
        (name: "referrer-policy", value: "no-referrer"),
        (name: "cross-origin-opener-policy", value: "same-origin"),
        (name: "cross-origin-resource-policy", value: "same-origin"),
        // Asked for anew at each visit, so that the page is never older than the daemon behind it.
        (name: "cache-control", value: "no-cache"),
    ]
}
