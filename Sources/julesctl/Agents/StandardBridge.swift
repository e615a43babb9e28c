// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// An answer that arrives on the client's thread.
private final class AnswerBox: Sendable {
    let value = Mutex(AgentAnswer())
}

/// Relays messages of the Model Context Protocol between standard input and output, one per line, and the daemon's
/// `/mcp`.
final class StandardBridge: Sendable {
    private struct Call {
        let message: AgentMessage
        let task: Task<Void, Never>
    }

    private struct State {
        /// The protocol version of the handshake. Later requests name it.
        var version: String?
        var calls: [Int: Call] = [:]
        var nextCall = 0
    }

    private let client: DaemonClient
    private let state = Mutex(State())

    /// The largest number of messages that may wait for an answer at the same time.
    private static let mostCalls = DaemonClient.mostConnections

    init(_ client: DaemonClient) { self.client = client }

    /// Runs until the input has ended and all requests are answered. Waits and subscriptions end with the input.
    func run() async {
        while let line = await onThread({ readLine() }) ?? nil {
            if !line.allSatisfy(\.isWhitespace) { take(AgentMessage(line)) }
        }
        let calls = state.withLock { Array($0.calls.values) }
        for call in calls where call.message.isOpenEnded { call.task.cancel() }
        for call in calls { await call.task.value }
    }

    private func take(_ message: AgentMessage) {
        if let id = message.cancelled {
            // Over HTTP, closing the connection cancels the request.
            let calls = state.withLock { $0.calls.values.filter { $0.message.ids.contains(id) } }
            for call in calls { call.task.cancel() }
            return
        }
        let isStarted = state.withLock { state in
            guard state.calls.count < Self.mostCalls else { return false }
            let number = state.nextCall
            state.nextCall += 1
            let task = Task {
                await carry(message)
                _ = self.state.withLock { $0.calls.removeValue(forKey: number) }
            }
            state.calls[number] = Call(message: message, task: task)
            return true
        }
        if !isStarted {
            fail(message, "more than \(Self.mostCalls) calls are under way; ask again when one is answered")
        }
    }

    private func carry(_ message: AgentMessage) async {
        let answer = AnswerBox()
        do throws(ControlError) {
            let response = try await client.transfer(request(message, into: answer))
            let (text, hasEnded) = answer.value.withLock { ($0.text, $0.hasEnded) }
            guard !hasEnded else { return }
            let json = try? JSON(parsing: text)
            guard let json, json["jsonrpc"] != nil || json.array != nil else {
                guard response.status < 300 else {
                    throw ControlError(ClientResponse(status: response.status, headers: response.headers, body: text))
                }
                if !message.ids.isEmpty { fail(message, "the daemon ended the call without an answer; ask again") }
                return
            }
            if message.method == "initialize", let version = json["result"]?["protocolVersion"]?.string {
                state.withLock { $0.version = version }
            }
            Self.write(json)
        } catch {
            fail(message, "\(error)")
        }
    }

    private func request(_ message: AgentMessage, into answer: AnswerBox) -> ClientRequest {
        var request = client.request("POST", "/mcp")
        request.body = Array(message.line.utf8)
        request.headers += [
            ("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream"),
        ]
        request.headers += message.fields(negotiated: state.withLock(\.version))
        // A stream sends a comment every 15 s. Other answers may have to wait for Jules.
        request.longest = .seconds(10 * 365 * 86_400)
        request.receivePart = { _, part in
            for message in answer.value.withLock({ $0.take(part) }) { Self.write(message) }
            return true
        }
        return request
    }

    /// Answers the client when the daemon did not.
    private func fail(_ message: AgentMessage, _ reason: String) {
        // A client that has cancelled a request gets no answer to it.
        guard !Task.isCancelled else { return }
        if let answer = message.failure(reason) {
            Self.write(answer)
        } else {
            TerminalOutput.note("julesctl: \(reason)")
        }
    }

    private static func write(_ message: JSON) {
        StandardOutput.writeLine(message.description)
    }
}
