// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport
import Synchronization

/// `julesctl wait`
struct WaitCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Waits until a session reaches a state.",
        discussion: "The exit status is 0 if it did, 3 if the time is over, and 4 if the session ended in another way.")

    @Argument(completion: SessionReference.completion) var session: SessionReference

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "attention (it waits for a person), finished, or states such as COMPLETED,FAILED.", valueName: "what"),
        completion: .list(["attention", "finished", "COMPLETED", "FAILED", "IN_PROGRESS"]))
    var goal: WaitGoal

    @Option(help: ArgumentHelp("How long to wait, such as 90s or 2h; for ever if left out.", valueName: "duration"))
    var timeout: String?

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if let timeout, Duration(parsing: timeout) == nil {
            throw ValidationError("--timeout must be a duration such as 30s, 5min or 2h, not \"\(timeout)\"")
        }
    }

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let id = try await session.id(client)
        let wait = SessionWait(client: client, id: id, goal: goal)
        let limit = timeout.flatMap { Duration(parsing: $0) }
        let outcome = await withTaskGroup(of: Result<SessionWait.Outcome, ControlError>.self) { group in
            group.addTask {
                do throws(ControlError) { return .success(try await wait.run()) } catch { return .failure(error) }
            }
            if let limit {
                group.addTask {
                    try? await Task.sleep(for: limit)
                    return .success(.timedOut)
                }
            }
            if Terminal.isError { group.addTask { await wait.showProgress() } }
            defer { group.cancelAll() }
            return await group.next() ?? .success(.timedOut)
        }
        if Terminal.isError { TerminalOutput.clearProgress() }
        let session = wait.latest
        if connection.json, let session { print(session) }
        let state = session.map { DeltaText.words(of: SessionText(json: $0).state) } ?? "gone"
        switch try outcome.get() {
        case .reached:
            if !connection.json { print("\(id): \(state)") }
            return 0
        case .timedOut:
            TerminalOutput.note("julesctl: the time is over; the session is \(state)")
            return 3
        case .ended:
            TerminalOutput.note("julesctl: the session ended otherwise: \(state)")
            return 4
        }
    }
}

/// What `julesctl wait` waits for.
enum WaitGoal: ExpressibleByArgument, Sendable, Equatable {
    case attention
    case finished
    case states([String])

    init?(argument: String) {
        switch argument.lowercased() {
        case "attention": self = .attention
        case "finished": self = .finished
        default:
            let names = argument.split(separator: ",", omittingEmptySubsequences: false).map { $0.uppercased() }
            guard names.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isLetter || $0 == "_" } }) else { return nil }
            self = .states(names)
        }
    }

    /// The outcome for a session in this state; `nil` if the wait goes on.
    ///
    /// - Parameters:
    ///   - state: the session's state; `nil` if it is deleted.
    ///   - needsPerson: whether the session waits for a person.
    func outcome(state: String?, needsPerson: Bool) -> SessionWait.Outcome? {
        guard let state else { return .ended }
        let isOver = state == "COMPLETED" || state == "FAILED"
        switch self {
        case .attention where needsPerson: return .reached
        case .finished where isOver: return .reached
        case .states(let names) where names.contains(state): return .reached
        default: return isOver ? .ended : nil
        }
    }
}
