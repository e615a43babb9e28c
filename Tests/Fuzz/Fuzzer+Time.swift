// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

@testable import DaemonSupport
@testable import julesd

extension Fuzzer {
    /// RFC 3339 timestamps. strptime(3) checks the result.
    static let timestamp = Fuzzer(
        "timestamp",
        text: { text in
            guard let time = Timestamp(rfc3339: text) else { return }
            let exact = time.rfc3339Exact
            promise(Timestamp(rfc3339: exact) == time, "\(exact) is read as it is written")
            promise(exact.hasPrefix(time.rfc3339.dropLast()), "\(time.rfc3339) is \(exact) cut off")
            let seconds = time.milliseconds / 1000
            let opinion = SecondOpinion.unixTime(String(exact.prefix(19)), format: "%Y-%m-%dT%H:%M:%S")
            promise(opinion == seconds, "\(exact) is \(opinion ?? 0), not \(seconds)")
            if text.utf8.count == 20,
                let opinion = SecondOpinion.unixTime(text.uppercased(), format: "%Y-%m-%dT%H:%M:%SZ")
            {
                promise(opinion == seconds, "\(text) is \(opinion), not \(seconds)")
            }
        })

    /// `Retry-After` and `Date`, one per line, and what follows from them.
    static let retryAfter = Fuzzer(
        "retry-after",
        text: { text in
            let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            for line in lines {
                guard let date = HTTPDate(line) else { continue }
                let opinion = SecondOpinion.unixTime(line, format: "%a, %d %b %Y %H:%M:%S GMT")
                promise(
                    opinion == date.unixSeconds,
                    "\(line) is \(opinion.map { "\($0)" } ?? "no date"), not \(date.unixSeconds)")
            }
            var headers = [(name: "Retry-After", value: lines[0])]
            if lines.count > 1 { headers.append((name: "Date", value: lines[1])) }
            judge(ClientResponse(status: 429, headers: headers))
            judge(ClientResponse(status: 503, headers: headers))
        })

    /// The body of an API error with a `google.protobuf.Duration`.
    static let errorReply = Fuzzer("error-reply") { bytes in
        if let text = String(validating: bytes, as: UTF8.self), let duration = ErrorReply.duration(text) {
            promise(duration >= .zero, "a delay is not negative")
            let (seconds, attoseconds) = duration.components
            let fraction = String("\(1_000_000_000 + attoseconds / 1_000_000_000)".dropFirst())
            promise(ErrorReply.duration("\(seconds).\(fraction)s") == duration, "\(duration) is read as it is written")
        }
        for status in [400, 401, 403, 404, 429, 500, 503] { judge(ClientResponse(status: status, body: bytes)) }
    }

    /// Calls everything that handles an unsuccessful response.
    private static func judge(_ response: ClientResponse) {
        if let pause = response.retryAfter {
            promise(pause >= .zero, "a pause is not negative")
            _ = pause.text
        }
        let error = UpstreamError(response)
        var cadence = PollCadence(base: .seconds(1))
        let pause = cadence.pause(after: .failed(error))
        promise(pause >= .seconds(1) && pause <= PollCadence.longestRetryAfter, "a poll waits \(pause)")
        let again = RetryPolicy().pause(after: error, attempt: 1, effect: .once, random: 0.5)
        promise(again.map { $0 >= .zero && $0 <= .seconds(61) } ?? true, "a call is made again after \(again ?? .zero)")
        let problem = RequestError(error)
        promise((400...599).contains(problem.status.code), "a problem is one")
        promise(problem.isJSON, "a problem is JSON")
        _ = "\(error)"
    }

    /// The durations in settings.
    static let duration = Fuzzer(
        "duration",
        text: { text in
            guard let duration = Duration(parsing: text) else { return }
            promise(duration >= .zero, "a span is not negative")
            promise(Duration(parsing: duration.text) == duration, "\(duration.text) is read as it is written")
            promise(Duration(parsing: duration.text)?.text == duration.text, "\(duration.text) is written so again")
        })
}

extension RequestError {
    /// Whether the body of the response is JSON.
    var isJSON: Bool {
        guard let bytes = response(requestID: "0").bytes else { return false }
        return (try? JSON(parsing: bytes))?["error"]?.string == code
    }
}
