// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import NIOCore
import Synchronization
import TestSupport
import Testing

/// A daemon as a child process, with its output, signals and exit status.
final class DaemonProcess: Sendable {
    let pid: pid_t
    let standardOutput = Mailbox<String>()
    let standardError = Mailbox<String>()
    private let exits = Mailbox<Int32>()
    /// True after which the kernel may give the process id to another process.
    private let isReaped = Mutex(false)
    private let transcript = Transcript()

    private init(pid: pid_t, pipes: (output: Int32, error: Int32)) {
        self.pid = pid
        for (descriptor, lines) in [(pipes.output, standardOutput), (pipes.error, standardError)] {
            startThread { [transcript] in
                readLines(descriptor) { line in
                    transcript.add(line)
                    lines.put(line)
                }
                lines.close()
                close(descriptor)
            }
        }
    }

    /// Starts the daemon.
    static func start(_ launch: Launch) async throws -> DaemonProcess {
        try await withCheckedThrowingContinuation { continuation in
            // The kernel ends the child when the thread that started it ends (PR_SET_PDEATHSIG), so this thread stays
            // until the child has ended.
            startThread {
                let daemon: DaemonProcess
                do {
                    let (pid, pipes) = try spawn(launch)
                    daemon = DaemonProcess(pid: pid, pipes: pipes)
                } catch {
                    return continuation.resume(throwing: error)
                }
                continuation.resume(returning: daemon)
                daemon.exits.put(awaitExit(of: daemon.pid))
                daemon.reap()
            }
        }
    }

    /// Sends a signal, unless the daemon has ended.
    func signal(_ number: Int32) {
        isReaped.withLock { if !$0 { kill(pid, number) } }
    }

    /// Waits for the end and returns the exit status; 128 plus the signal number if a signal ended the daemon.
    func exitStatus() async throws -> Int32 {
        try await exits.first("the end of julesd") { _ in true }
    }

    /// Waits for the end and returns everything written to standard error.
    func standardErrorText() async throws -> String {
        try await standardError.closed("the end of standard error")
        return standardError.takeAll().joined(separator: "\n")
    }

    /// Waits for the end and returns everything written to standard output.
    func standardOutputText() async throws -> String {
        try await standardOutput.closed("the end of standard output")
        return standardOutput.takeAll().joined(separator: "\n")
    }

    /// Takes the first line of the log with this event or message.
    @discardableResult
    func event(_ message: String) async throws -> JSON {
        let line = try await standardOutput.first("“\(message)” in the log") {
            (try? JSON(parsing: $0))?["msg"]?.string == message
        }
        return try JSON(parsing: line)
    }

    /// Waits until the daemon listens, and returns its address.
    func address() async throws -> SocketAddress {
        let port = try #require(try await event("server_started")["port"]?.int)
        return try SocketAddress(ipAddress: "127.0.0.1", port: port)
    }

    /// Everything written to both outputs so far, for people.
    var output: String { transcript.text }

    private func reap() {
        exits.close()
        isReaped.withLock { isReaped in
            waitpid(pid, nil, 0)
            isReaped = true
        }
    }
}

/// Starts a daemon, calls `body`, and ends the daemon. Prints its output if `body` throws.
@discardableResult
func withDaemon<Result>(_ launch: Launch, _ body: (DaemonProcess) async throws -> Result) async throws -> Result {
    let daemon = try await DaemonProcess.start(launch)
    defer { daemon.signal(SIGKILL) }
    do {
        return try await body(daemon)
    } catch {
        Issue.record("julesd wrote:\n\(daemon.output)")
        throw error
    }
}

/// Runs a verb, or a daemon that cannot start, until it ends.
func run(_ launch: Launch) async throws -> (status: Int32, output: String, error: String) {
    try await withDaemon(launch) { daemon in
        let status = try await daemon.exitStatus()
        return (status, try await daemon.standardOutputText(), try await daemon.standardErrorText())
    }
}

private final class Transcript: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

private func readLines(_ descriptor: Int32, _ take: (String) -> Void) {
    var rest: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &piece, piece.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { break }
        rest += piece[..<count]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            take(String(decoding: rest[..<end], as: UTF8.self))
            rest.removeFirst(end + 1)
        }
    }
    if !rest.isEmpty { take(String(decoding: rest, as: UTF8.self)) }
}

/// Waits for the end of a child, but does not reap it, so that its process id is not reused.
private func awaitExit(of pid: pid_t) -> Int32 {
    var information = siginfo_t()
    while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    let status = information._sifields._sigchld.si_status
    return information.si_code == CLD_EXITED ? status : 128 + status
}
