// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The output of the program.
struct TerminalOutput: Sendable {
    /// Colours on standard output: only on a terminal, and not with NO_COLOR (https://no-color.org) or TERM=dumb.
    let style: Style
    /// The width of the terminal in columns; `nil` if standard output is not a terminal.
    let width: Int?

    static func current() -> TerminalOutput {
        let environment = ProcessEnvironment.variables()
        let isPlain = environment["NO_COLOR"]?.isEmpty == false || environment["TERM"] == "dumb"
        return TerminalOutput(
            style: Style(isOn: Terminal.isOutput && !isPlain),
            width: Terminal.isOutput ? Terminal.outputWidth ?? 80 : nil)
    }

    func printTable(_ table: Table) {
        for line in table.lines(width: width, style: style) { print(line) }
    }

    /// Writes a line to standard error.
    static func note(_ text: String) {
        var stream = StandardError()
        print(text, to: &stream)
    }

    /// Replaces the last line on standard error, which must be a terminal.
    static func showProgress(_ text: String) {
        var stream = StandardError()
        stream.write("\r\u{1B}[K" + truncated(text, to: Terminal.outputWidth ?? 80))
    }

    /// Removes the progress line.
    static func clearProgress() {
        var stream = StandardError()
        stream.write("\r\u{1B}[K")
    }

    /// Lets SIGPIPE end the process, as in other programs whose reader has gone.
    static func endAtClosedPipe() { Terminal.endAtClosedPipe() }
}
