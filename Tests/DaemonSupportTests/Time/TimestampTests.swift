// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@Suite("Timestamp", .timeLimit(.minutes(2)))
struct TimestampTests {
    @Test(
        "RFC 3339 times are parsed to the nanosecond",
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-20T09:14:02.417853Z", 1_795_166_042_417_853_000),
            ("2026-08-21T21:07:01.522664Z", 1_787_346_421_522_664_000),
            ("2026-11-20T09:14:02.123456789123Z", 1_795_166_042_123_456_789),
            ("2026-11-20T10:14:02+01:00", 1_795_166_042_000_000_000),
            ("2024-02-29T23:59:60z", 1_709_251_200_000_000_000),
        ])
    func reads(text: String, nanoseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.nanoseconds == nanoseconds)
    }

    @Test(
        "A text that is no time is refused",
        arguments: [
            "", "2026-11-20", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2026-11-20T24:00:00Z",
            "2026-11-20T09:14:02", "2026-11-20 09:14:02Z", "2026-11-20T09:14:02.Z", "2026-11-20T09:14:02Zx",
            "1969-12-31T23:59:59Z",
            "2026-11-20T09:14:02+0100", "1970-01-01T00:00:00+00:01",
            "2261-12-31T23:59:59-00:01", "+026-11-20T09:14:02Z",
        ])
    func refuses(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(
        "Milliseconds are rounded down, also before 1970",
        arguments: [(-1, -1), (0, 0), (1_999_999, 1), (-1_000_000, -1)])
    func milliseconds(nanoseconds: Int64, milliseconds: Int64) {
        #expect(Timestamp(nanoseconds: nanoseconds).milliseconds == milliseconds)
    }

    @Test("Timestamps are ordered even if their texts are not")
    func order() throws {
        let whole = try #require(Timestamp(rfc3339: "2026-11-20T09:14:05Z"))
        let fraction = try #require(Timestamp(rfc3339: "2026-11-20T09:14:05.1Z"))
        #expect(whole < fraction)
    }

    @Test(
        "A written time is parsed back to the same text",
        arguments: ["2026-11-20T09:14:03.120Z", "2000-02-29T00:00:00.000Z", "2261-12-31T23:59:59.999Z"])
    func roundTrip(text: String) {
        #expect(Timestamp(rfc3339: text)?.rfc3339 == text)
    }

    @Test(
        "As few decimals as needed are written: none, three, six or nine",
        arguments: [
            "2026-08-21T21:07:01.522664Z", "2026-11-20T09:15:41.006Z", "2024-02-29T00:00:00Z",
            "2026-12-31T23:59:59.000000001Z",
        ])
    func shortest(text: String) {
        #expect(Timestamp(rfc3339: text)?.rfc3339Shortest == text)
    }
}
