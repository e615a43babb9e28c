// SPDX-License-Identifier: Apache-2.0

/// What browsers allow the page to do.
enum PagePolicy {
    /// The Content-Security-Policy: the page may run its own files, show images that it makes from an activity's data, and
    /// connect to its own origin, WebSockets included. Trusted Types (w3.org/TR/trusted-types) forbid every way to turn text
    /// into markup.
    static let content = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "media-src blob:",
        "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")

    /// Header fields that every file of the page has.
    static let fields = [
        (name: "content-security-policy", value: content),
        (name: "x-content-type-options", value: "nosniff"),
        (name: "referrer-policy", value: "no-referrer"),
        (name: "cross-origin-opener-policy", value: "same-origin"),
        (name: "cross-origin-resource-policy", value: "same-origin"),
        // A browser asks at each visit, so that the page is never older than its daemon.
        (name: "cache-control", value: "no-cache"),
    ]
}
