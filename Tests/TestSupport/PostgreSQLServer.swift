// SPDX-License-Identifier: Apache-2.0

internal import DaemonSupport
internal import Glibc

/// A PostgreSQL server of its own for the tests of this process, which ends with it. Each test has a database of its own in it.
public enum PostgreSQLServer {
    private static let shared = Result { try start() }

    /// The URI of a new database.
    ///
    /// - Throws: `CallError` if the server cannot be started, which says what is missing.
    public static func database() throws -> String {
        let folder = try shared.get()
        let name = "t\(randomToken().prefix(12).lowercased().filter { $0.isLetter || $0.isNumber })"
        let maintenance = try PostgreSQLConnection(uri: uri(of: "postgres", in: folder), application: "tests")
        try maintenance.execute("CREATE DATABASE \(name)")
        return uri(of: name, in: folder)
    }

    private static func uri(of database: String, in folder: String) -> String {
        "postgresql:///\(database)?user=julesd&host=\(folder)"
    }

    /// Starts the server and returns the folder of its socket. It runs as long as this process keeps the other end of its standard input.
    private static func start() throws -> String {
        let script = String(#filePath).split(separator: "/").dropLast().joined(separator: "/")
        var input: [Int32] = [0, 0]
        var output: [Int32] = [0, 0]
        guard pipe(&input) == 0, pipe(&output) == 0 else { throw CallError("pipe", errno) }
        for end in input + output { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        closeDescriptors(from: 3, in: &actions)
        var pid = pid_t()
        let path = "/\(script)/postgresql-server"
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
        defer { arguments.forEach { free($0) } }
        let code = posix_spawn(&pid, path, &actions, nil, &arguments, environ)
        close(input[0])
        close(output[1])
        guard code == 0 else { throw CallError("posix_spawn \(path)", code) }
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(output[0], &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
        guard !line.isEmpty else { throw CallError("postgresql-server did not start; see what it printed", 0) }
        return String(decoding: line, as: UTF8.self)
    }
}
