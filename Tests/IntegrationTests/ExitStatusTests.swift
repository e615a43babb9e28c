// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import NIOCore
import TestSupport
import Testing

@testable import julesd

@Suite("Exit statuses", .timeLimit(.minutes(2)))
struct ExitStatusTests {
    @Test(
        "The program ends with each documented exit status in the case that is documented",
        arguments: julesd.ExitStatus.allCases)
    func each(status: julesd.ExitStatus) async throws {
        let jules = try await FakeJules.start()
        let folder = try TemporaryFolder()
        let end: (status: Int32, output: String, error: String)
        switch status {
        case .stopped:
            end = try await withDaemon(Launch(jules)) { daemon in
                try await daemon.event("ready")
                daemon.signal(SIGTERM)
                return (try await daemon.exitStatus(), "", "")
            }
        case .failure: end = try await run(Launch(["healthcheck", "--config", "/dev/null", "--port", "1"]))
        case .usage: end = try await run(Launch(["--no-such-option"]))
        case .unavailable:
            jules.update { $0.outage = .unavailable }
            end = try await run(Launch(jules, ["READY_TIMEOUT": "100ms"]))
        case .software:
            let launch = Launch(jules, ["PERSIST": "1", "DATA_DIR": folder.path])
            try await leaveStore(launch)
            // The migration to the latest version then fails, because its changes exist already. Neither the disk nor
            // the file is at fault.
            let store = try SQLiteConnection(path: folder.file("sessions.sqlite"), mode: .readWrite)
            try store.execute("PRAGMA user_version = 1")
            try store.close()
            end = try await run(launch)
            #expect(end.output.contains("please report it"))
        case .socket:
            let other = try ListeningDescriptor.tcp(name: "other")
            end = try await run(Launch(jules, ["PORT": "\(other.address.port ?? 0)"]))
        case .storage:
            end = try await run(Launch(jules, ["PERSIST": "1", "DATA_DIR": try folder.write("", to: "a-file")]))
        case .keyRefused: end = try await run(Launch(jules, ["JULES_API_KEY": "no-key-of-this-account"]))
        case .settings: end = try await run(Launch(jules, ["RATE_LIMIT": "many"]))
        }
        #expect(end.status == status.rawValue, "\(end.output)\(end.error)")
    }

    private func leaveStore(_ launch: Launch) async throws {
        try await withDaemon(launch) { daemon in
            try await daemon.event("ready")
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }
    }
}
