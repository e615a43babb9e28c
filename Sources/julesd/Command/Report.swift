// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// Writes a line to standard error.
func printError(_ text: some CustomStringConvertible) {
    var stream = StandardError()
    print(text, to: &stream)
}

/// Prints every problem and warning to standard error. Returns the exit status.
func report(_ fault: SettingsError) -> ExitCode {
    for warning in fault.warnings { printError("warning: \(warning)") }
    for problem in fault.problems { printError("error: \(problem)") }
    return ExitCode(ExitStatus.settings.rawValue)
}
