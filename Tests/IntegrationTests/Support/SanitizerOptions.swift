// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a sanitized program needs in its environment to report where the sanitized test that starts it does.
enum SanitizerOptions {
    static let environment: [String: String] = Dictionary(
        ["TSAN_OPTIONS", "ASAN_OPTIONS"].compactMap { name in getenv(name).map { (name, String(cString: $0)) } },
        uniquingKeysWith: { first, _ in first })
}
