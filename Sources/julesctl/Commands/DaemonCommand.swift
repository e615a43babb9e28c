// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// A command that uses the daemon. The extension below prints its errors and sets the exit status.
protocol DaemonCommand: AsyncParsableCommand {
    var connection: ConnectionOptions { get }

    /// Carries out the command.
    ///
    /// - Returns: the exit status; 0 means success.
    /// - Throws: `ControlError` if the daemon cannot be reached or refuses, or the command itself fails.
    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32
}

extension DaemonCommand {
    func run() async throws {
        let status: Int32
        do throws(ControlError) {
            status = try await run(try connection.client(), .current())
        } catch {
            TerminalOutput.note("julesctl: \(error)")
            throw error.exitCode
        }
        if status != 0 { throw ExitCode(status) }
    }
}

/// Asks a question on the terminal.
///
/// - Returns: whether the answer is yes; always true if `skip` is.
/// - Throws: `ControlError.failed` if there is no terminal.
func confirm(_ question: String, skip: Bool) throws(ControlError) -> Bool {
    if skip { return true }
    guard Terminal.isInput else { throw .failed("there is no terminal to ask \"\(question)\"; --yes answers yes") }
    print("\(question) [y/N] ", terminator: "")
    Terminal.flushOutput()
    return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
}
