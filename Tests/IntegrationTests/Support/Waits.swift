// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import TestSupport

/// Waits until the daemon knows a session. Asks again after a short pause.
func awaitSession(_ id: String, _ http: HTTPCaller) async throws {
    try await awaitTrue("session \(id)") { try await http.get("/api/sessions/\(id)").status == 200 }
}

/// Repeats the check until `condition` is true.
///
/// Only for things that the daemon does not announce. A pause between two checks keeps the load low.
func awaitTrue(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + patience
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw OverdueError(what: what, reason: "not within \(patience)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

extension FeedClient {
    /// Waits for the end of the connection and returns the close code; `nil` if the connection was cut.
    func closeCode() async throws -> Int? {
        do {
            while true {
                if case .close(let code) = try await next() { return code }
            }
        } catch is ConnectionEndedError {
            return nil
        }
    }
}
