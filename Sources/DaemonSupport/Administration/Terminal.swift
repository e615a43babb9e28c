// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The person in front of the process, if there is one.
public enum Terminal {
    /// Whether standard input comes from a terminal.
    public static var isInput: Bool { isatty(STDIN_FILENO) == 1 }
    /// Whether standard output goes to a terminal.
    public static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }

    /// One line of standard input, without its end; `nil` at the end of the input. What is typed at a terminal is not shown.
    public static func readSecretLine(prompt: String) -> String? {
        var shown = termios()
        guard isInput, tcgetattr(STDIN_FILENO, &shown) == 0 else { return readLine() }
        var hidden = shown
        // Signals are held off too: an interrupt in between would leave the terminal mute.
        hidden.c_lflag &= ~tcflag_t(ECHO | ISIG)
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0 else { return nil }
        var stream = StandardError()
        stream.write(prompt)
        defer {
            _ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
            stream.write("\n")
        }
        return readLine()
    }
}
