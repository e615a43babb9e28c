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

extension Terminal {
    /// Whether standard error goes to a terminal.
    public static var isError: Bool { isatty(STDERR_FILENO) == 1 }

    /// The columns of the terminal on standard output (ioctl_tty(2), TIOCGWINSZ); `nil` if there is none or it does not say.
    public static var outputWidth: Int? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Lets SIGPIPE end the process (signal(7)), for a program whose output somebody else reads.
    public static func endAtClosedPipe() { signal(SIGPIPE, SIG_DFL) }

    /// Writes out what standard output holds back for a pipe or a file.
    public static func flushOutput() { fflush(nil) }
}
