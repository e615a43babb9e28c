// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The environment variables that make a sanitized child write its report where the test's own report goes.
enum SanitizerOptions {
    static let environment: [String: String] = Dictionary(
        ["TSAN_OPTIONS", "ASAN_OPTIONS"].compactMap { name in getenv(name).map { (name, String(cString: $0)) } },
        uniquingKeysWith: { first, _ in first })
}
