// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// A session as a person names it: its id or the beginning of its id, `sessions/ID`, or the URL of its page.
struct SessionReference: ExpressibleByArgument, Sendable, Equatable {
    /// An id or the beginning of one.
    let text: String

    init?(argument: String) {
        let last = argument.split(separator: "/").last.map(String.init) ?? ""
        guard !last.isEmpty, last.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"?#%".utf8.contains($0) }) else {
            return nil
        }
        text = last
    }

    static let completion = CompletionKind.custom { arguments, _, prefix in
        await completions(of: prefix, connection: arguments)
    }

    /// The complete id of the session. An unknown one is returned as it is, so that the daemon reports it.
    ///
    /// - Throws: `ControlError.failed` if several ids begin like this, or the list cannot be read.
    func id(_ client: DaemonClient) async throws(ControlError) -> String {
        let answer = try await client.list(
            "/api/sessions", [("q", text), ("archived", "all")], member: "sessions", limit: nil)
        let ids = (answer["sessions"]?.array ?? []).compactMap { $0["id"]?.string }.filter { $0.hasPrefix(text) }
        if ids.contains(text) || ids.isEmpty { return text }
        guard ids.count == 1 else {
            throw .failed(
                "\(ids.count) sessions begin with \(text): \(ids.prefix(5).joined(separator: ", "))\(ids.count > 5 ? ", …" : "")"
            )
        }
        return ids[0]
    }
}

/// The ids that begin with `prefix`, for the shell's completion; none if the daemon does not answer.
private func completions(of prefix: String, connection arguments: [String]) async -> [String] {
    guard let client = try? completionClient(arguments),
        let answer = try? await client.get("/api/sessions", [("limit", "200"), ("q", prefix.isEmpty ? nil : prefix)])
    else { return [] }
    return (answer["sessions"]?.array ?? []).compactMap { $0["id"]?.string }.filter { $0.hasPrefix(prefix) }
}

/// The account's repositories that begin with `prefix`, for the shell's completion.
func repositoryCompletions(_ prefix: String, connection arguments: [String]) async -> [String] {
    guard let client = try? completionClient(arguments), let answer = try? await client.get("/api/sources") else {
        return []
    }
    return (answer["sources"]?.array ?? []).map(repository(ofSource:)).filter { $0.hasPrefix(prefix) }
}

/// A client with the connection options among the words on the command line. The shell passes these words unchanged.
private func completionClient(_ arguments: [String]) throws -> DaemonClient {
    var connection: [String] = []
    for name in ["--url", "--token-file"] {
        if let index = arguments.firstIndex(of: name), index + 1 < arguments.count {
            connection += [name, arguments[index + 1]]
        }
    }
    return try ConnectionOptions.parse(connection).client()
}
