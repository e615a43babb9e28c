// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc

/// A program that a test starts. It is ended by its process id.
struct SpawnedProgram: Sendable {
    struct ProgramError: Error, CustomStringConvertible {
        let description: String
    }

    let pid: pid_t

    /// Starts `program`, looked up in PATH, with its output in the file `output`.
    ///
    /// - Parameter environment: the whole environment as `KEY=VALUE`, except PATH.
    init(
        _ program: String, _ arguments: [String], environment: [String] = [], input: String = "/dev/null",
        output: String
    )
        throws
    {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        let path = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
        let argv = ([program] + arguments).map { strdup($0) } + [nil]
        // A crash must end the program at once, without a backtrace.
        let sanitizer = SanitizerOptions.environment.map { "\($0)=\($1)" }
        let envp = ([path, "SWIFT_BACKTRACE=enable=no"] + sanitizer + environment).map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid: pid_t = 0
        let error = posix_spawnp(&pid, program, &actions, nil, argv, envp)
        guard error == 0 else {
            throw ProgramError(
                description: "\(program) cannot be started: \(String(cString: strerror(error))). "
                    + "packaging/install-dependencies.sh installs what tests need.")
        }
        self.pid = pid
    }

    func signal(_ number: CInt) { kill(pid, number) }

    /// Waits for the end and returns the exit status; minus the signal number if a signal ended the program. Call it
    /// once.
    func wait() async -> CInt {
        await withCheckedContinuation { [pid] continuation in
            DispatchQueue.global().async {
                var status: CInt = 0
                while waitpid(pid, &status, 0) < 0, errno == EINTR {}
                continuation.resume(returning: status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F))
            }
        }
    }

    /// The path of a program of this package, which is built beside this test.
    static func built(_ name: String) throws -> String {
        var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &path, path.count)
        guard count > 0, let slash = path[..<count].lastIndex(of: UInt8(ascii: "/")) else {
            throw ProgramError(description: "no /proc/self/exe")
        }
        return String(decoding: path[...slash], as: UTF8.self) + name
    }
}
