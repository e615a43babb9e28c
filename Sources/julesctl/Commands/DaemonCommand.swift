// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// A command that talks to the daemon: its errors are told in one way and become exit statuses in one place.
protocol DaemonCommand: AsyncParsableCommand {
    var connection: ConnectionOptions { get }

    /// Does the command's work.
    ///
    /// - Returns: the exit status, 0 if it worked.
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
/// - Returns: whether the answer is yes.
/// - Throws: `ControlError.failed` if there is no terminal to ask on.
func confirm(_ question: String, skip: Bool) throws(ControlError) -> Bool {
    if skip { return true }
    guard Terminal.isInput else { throw .failed("there is no terminal to ask \"\(question)\" on; --yes says yes") }
    print("\(question) [y/N] ", terminator: "")
    Terminal.flushOutput()
    return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
}
