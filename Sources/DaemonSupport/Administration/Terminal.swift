// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The terminal of the process, if it has one.
public enum Terminal {
    /// Whether standard input comes from a terminal.
    public static var isInput: Bool { isatty(STDIN_FILENO) == 1 }
    /// Whether standard output goes to a terminal.
    public static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Reads one line of standard input, without its line end. Typed characters are not shown on a terminal.
    ///
    /// - Returns: `nil` at the end of the input, or if the terminal's echo cannot be turned off.
    public static func readSecretLine(prompt: String) -> String? {
        var shown = termios()
        guard isInput, tcgetattr(STDIN_FILENO, &shown) == 0 else { return readLine() }
        var hidden = shown
        // Ctrl-C must not end the process here: the terminal would stay without echo.
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

extension Terminal {
    /// Whether standard error goes to a terminal.
    public static var isError: Bool { isatty(STDERR_FILENO) == 1 }

    /// The width in columns of the terminal on standard output (ioctl_tty(2), TIOCGWINSZ); `nil` if there is no
    /// terminal or its width is unknown.
    public static var outputWidth: Int? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Lets SIGPIPE end the process (signal(7)). For programs whose output goes to a pipe.
    public static func endAtClosedPipe() { signal(SIGPIPE, SIG_DFL) }

    /// Writes out what is buffered for standard output.
    public static func flushOutput() { fflush(nil) }
}
