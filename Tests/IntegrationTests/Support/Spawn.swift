// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import TestSupport

/// Starts the program with pipes for its output. It inherits only what `launch` names.
///
/// One at a time: otherwise a child could inherit another one's pipes before they are set to close on exec.
func spawn(_ launch: Launch) throws -> (pid_t, (output: Int32, error: Int32)) {
    try spawning.withLock { _ in try spawnAlone(launch) }
}

private let spawning = Mutex(())

private func spawnAlone(_ launch: Launch) throws -> (pid_t, (output: Int32, error: Int32)) {
    let output = try makePipe()
    let error = try makePipe()
    defer {
        close(output.write)
        close(error.write)
    }
    // The numbers are above all those that the child gets, so that moving one descriptor does not overwrite another.
    let sockets = launch.sockets.map { fcntl($0.descriptor, F_DUPFD_CLOEXEC, 200) }
    defer { for socket in sockets { close(socket) } }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.write, 1)
    posix_spawn_file_actions_adddup2(&actions, error.write, 2)
    for (index, socket) in sockets.enumerated() { posix_spawn_file_actions_adddup2(&actions, socket, 3 + Int32(index)) }
    closeDescriptors(from: 3 + Int32(sockets.count), in: &actions)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

    var environment = launch.environment
    environment["PATH"] = "/usr/bin:/bin"
    // The backtracer would keep the pipes of a crashed child open.
    environment["SWIFT_BACKTRACE"] = "enable=no"
    environment.merge(SanitizerOptions.environment) { $1 }
    if !launch.sockets.isEmpty {
        environment["LISTEN_FDS"] = "\(launch.sockets.count)"
        environment["LISTEN_FDNAMES"] = launch.sockets.map(\.name).joined(separator: ":")
    }
    var privately = launch.wrapper + (launch.descriptorLimit.map { ["prlimit", "--nofile=\($0)", "--"] } ?? [])
    if let journal = launch.journal {
        privately += ["unshare", "--mount", "--map-root-user", "sh", "-c", privateRun, journal.folder.path]
        var status = stat()
        fstat(error.write, &status)
        environment["JOURNAL_STREAM"] = "\(status.st_dev):\(status.st_ino)"
    }
    // The shell sets both variables to its process id, which exec keeps. setpriv ends the child if this process ends.
    let script =
        #"LISTEN_PID=$$ WATCHDOG_PID=$$; export LISTEN_PID WATCHDOG_PID; exec setpriv --pdeathsig KILL -- "$@""#
    let arguments = ["sh", "-c", script, "sh"] + privately + [Program.julesd] + launch.arguments

    var pid = pid_t()
    let code = withCStrings(arguments) { arguments in
        withCStrings(environment.map { "\($0)=\($1)" }) { environment in
            posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, environment)
        }
    }
    guard code == 0 else {
        close(output.read)
        close(error.read)
        throw CallError("posix_spawn", code)
    }
    return (pid, (output.read, error.read))
}

/// Shows a program the folder `$0` as `/run/systemd/journal`, in a private mount namespace.
private let privateRun =
    #"mount -t tmpfs none /run && mkdir /run/systemd && ln -s "$0" /run/systemd/journal && exec "$@""#

private func makePipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw CallError("pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
}

private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    let pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("the list has its end at least") }
        return body(base)
    }
}
