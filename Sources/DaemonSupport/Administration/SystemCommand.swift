// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Another program of the system, run to its end.
public enum SystemCommand {
    /// What a program left behind.
    public struct Result: Sendable, Equatable {
        /// Its exit status; 127 where it could not be started, 128 and more where a signal ended it.
        public var status: Int32
        /// What it wrote to standard output.
        public var output: [UInt8]

        /// A result.
        public init(status: Int32, output: [UInt8] = []) {
            self.status = status
            self.output = output
        }
    }

    /// Runs `arguments[0]` as found in the system's folders, in a bare environment, with `input` as its standard input.
    ///
    /// Blocks until it ends. `input` may have as many bytes as a pipe holds, 64 KiB (pipe(7)).
    public static func run(_ arguments: [String], input: [UInt8] = []) -> Result {
        guard let name = arguments.first, input.count <= 65_536, let standardInput = Pipe(), let output = Pipe() else {
            return Result(status: 127)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, standardInput.reading, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output.writing, STDOUT_FILENO)

        // Of systemd's programs only what went wrong is worth a line between our own.
        let environment = [
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0",
            "SYSTEMD_LOG_LEVEL=err",
        ]
        var process = pid_t()
        let failure = withCStrings(arguments) { arguments in
            withCStrings(environment) { posix_spawnp(&process, name, &actions, nil, arguments, $0) }
        }
        close(standardInput.reading)
        close(output.writing)
        if failure == 0 { _ = input.withUnsafeBytes { write(standardInput.writing, $0.baseAddress, $0.count) } }
        close(standardInput.writing)
        let text = output.readToEnd()
        guard failure == 0 else { return Result(status: 127) }

        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 { guard errno == EINTR else { return Result(status: 127) } }
        // WIFEXITED and WEXITSTATUS, macros that Swift does not see (wait(2)).
        let signal = status & 0x7F
        return Result(status: signal == 0 ? status >> 8 & 0xFF : 128 + signal, output: text)
    }
}

private struct Pipe {
    let reading: Int32
    let writing: Int32

    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reading = ends[0]
        writing = ends[1]
    }

    /// Everything up to the end; closes this end.
    func readToEnd() -> [UInt8] {
        defer { close(reading) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(reading, &chunk, chunk.count)
            if count > 0 { bytes.append(contentsOf: chunk[..<count]) }
            if count == 0 || count < 0 && errno != EINTR { return bytes }
        }
    }
}

/// Calls `body` with the texts as the null-terminated list that exec(3) takes.
private func withCStrings<Value>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value
) -> Value {
    let list = texts.map { strdup($0) }
    defer { for text in list { free(text) } }
    return body(list + [nil])
}
