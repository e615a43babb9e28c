// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Runs another program of the system and waits for its end.
public enum SystemCommand {
    /// How a program ended and what it wrote.
    public struct Result: Sendable, Equatable {
        /// The exit status: 127 if the program could not be started, 128 plus the signal number if a signal ended it.
        public var status: Int32
        /// What the program wrote to standard output.
        public var output: [UInt8]

        /// A result with this status and output.
        public init(status: Int32, output: [UInt8] = []) {
            self.status = status
            self.output = output
        }
    }

    /// Runs `arguments[0]`, which is looked up in the system's folders. The program gets a minimal environment and
    /// `input` as standard input.
    ///
    /// Blocks until the program ends. `input` may have at most 64 KiB, which is what a pipe holds (pipe(7)); with more
    /// the program is not started and the status is 127.
    public static func run(_ arguments: [String], input: [UInt8] = []) -> Result {
        guard let name = arguments.first, input.count <= 65_536, let standardInput = Pipe(), let output = Pipe() else {
            return Result(status: 127)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, standardInput.reading, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output.writing, STDOUT_FILENO)

        // systemd's programs log errors only, because their lines appear between ours.
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
        // These are WIFEXITED and WEXITSTATUS (wait(2)). Swift does not import such macros.
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

    /// Reads up to the end of the pipe, then closes the reading end.
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

/// Calls `body` with the texts as a null-terminated list, which is what exec(3) takes.
private func withCStrings<Value>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value
) -> Value {
    let list = texts.map { strdup($0) }
    defer { for text in list { free(text) } }
    return body(list + [nil])
}
