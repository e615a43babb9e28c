// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

@Suite("Retry-After", .timeLimit(.minutes(2)))
struct RetryAfterTests {
    @Test(
        "Dates of the present form are parsed",
        arguments: [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199), ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200),
            ("Tue, 01 Mar 2100 00:00:00 GMT", 4_107_542_400), ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
        ])
    func date(text: String, seconds: Int64) {
        #expect(HTTPDate(text)?.unixSeconds == seconds)
    }

    @Test(
        "Other dates are refused",
        arguments: [
            "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT",
            "Sun, 31 Jun 1994 08:49:37 GMT", "Sun, 29 Feb 2100 00:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 0000 08:49:37 GMT", "Son, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:+7 GMT",
        ])
    func noDate(text: String) {
        #expect(HTTPDate(text) == nil)
    }

    @Test(
        "Retry-After is a number of seconds, or the time from the response's date to the given date",
        arguments: [
            ("0", .zero), ("120", .seconds(120)), ("99999999999999999999", .seconds(Int64.max)), ("+5", nil),
            ("Sun, 06 Nov 1994 08:49:37 GMT", .seconds(37)),
            ("Sun, 06 Nov 1994 08:48:00 GMT", .zero), ("-1", nil), ("1.5", .milliseconds(1500)),
            ("0.376", .milliseconds(376)), ("0.0000000019", .nanoseconds(1)), ("1.", nil), (".5", nil), ("1.5.0", nil),
            ("1.x", nil), ("99999999999999999999.5", .seconds(Int64.max)),
            ("soon", nil), ("", nil),
        ] as [(String, Duration?)])
    func retryAfter(text: String, pause: Duration?) {
        let headers = [("Date", "Sun, 06 Nov 1994 08:49:00 GMT"), ("Retry-After", text)]
        #expect(ClientResponse(status: 429, headers: headers).retryAfter == pause)
    }

    @Test("Without a response date the time counts from now, and without the field it is nil")
    func noReference() {
        let past = ClientResponse(status: 429, headers: [("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")])
        #expect(past.retryAfter == .zero)
        #expect(ClientResponse(status: 429).retryAfter == nil)
    }
}
