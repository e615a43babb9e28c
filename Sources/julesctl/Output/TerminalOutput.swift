// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What the program says, and where.
struct TerminalOutput: Sendable {
    /// Colours on standard output: on a terminal only, and not under NO_COLOR (no-color.org) or TERM=dumb.
    let style: Style
    /// The terminal's columns; `nil` if standard output is none.
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

    /// Puts `text` in the place of the last line on standard error, which is a terminal.
    static func showProgress(_ text: String) {
        var stream = StandardError()
        stream.write("\r\u{1B}[K" + truncated(text, to: Terminal.outputWidth ?? 80))
    }

    /// Takes the progress line away.
    static func clearProgress() {
        var stream = StandardError()
        stream.write("\r\u{1B}[K")
    }

    /// Lets SIGPIPE end the process, as it ends other programs whose reader has gone.
    static func endAtClosedPipe() { Terminal.endAtClosedPipe() }
}
