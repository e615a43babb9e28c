// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization
import TestSupport
import Testing

@testable import julesd

@Suite("julesd setup", .timeLimit(.minutes(2)))
struct SetupTests {
    private let folder: TemporaryFolder
    private let system = FakeSystem()
    private static let key = Secret("a-key")

    init() throws { folder = try TemporaryFolder() }

    private func setup(
        settings: Settings = Settings(), check: @escaping @Sendable (Settings) throws(UpstreamError) -> Void = { _ in },
        hasSystemd: Bool = true
    ) -> Setup {
        let system = system
        return Setup(
            credentials: CredentialStore(
                plainDirectory: folder.path, sealedDirectory: folder.file("sealed"), run: { system.run($0, input: $1) }),
            units: ServiceUnits(isSystemdRunning: { hasSystemd }, run: { system.run(["systemctl"] + $0) }),
            load: { _ in settings },
            check: { settings throws(UpstreamError) in try check(settings) },
            say: { system.say($0) })
    }

    @Test("Setup stores the key, creates a token, starts the units, and returns the address")
    func fresh() async throws {
        let outcome = try await setup().run(key: Self.key)
        let token = try #require(outcome.token?.reveal())
        #expect(try folder.read("jules_api_key") == Array("a-key".utf8))
        #expect(try folder.read("local_token") == Array(token.utf8))
        #expect(token.count >= 32)
        #expect(outcome.address == "127.0.0.1:3001")
        #expect(system.verbs == ["reset-failed", "enable", "start", "restart", "show"])
        // No output may contain a secret.
        #expect(!system.said.contains { $0.contains("a-key") || $0.contains(token) })
    }

    @Test(
        "If the API does not accept the key, nothing is stored and nothing is started",
        arguments: [
            UpstreamError.keyRejected(status: 401, message: "no"), .unreachable(reason: "r", sent: false),
        ])
    func refused(error: UpstreamError) async throws {
        let setup = setup(check: { _ throws(UpstreamError) in throw error })
        let failure = await #expect(throws: SetupError.self) { try await setup.run(key: Self.key) }
        guard case .upstream(error) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(folder.names.isEmpty)
        #expect(system.commands.isEmpty)
    }

    @Test("An existing token is kept")
    func keptToken() async throws {
        var settings = Settings()
        settings.localToken = Secret("a-token-of-before")
        let outcome = try await setup(settings: settings).run(key: Self.key)
        #expect(outcome.token?.reveal() == "a-token-of-before")
        #expect(folder.names == ["jules_api_key"])
    }

    @Test("A sealed token is opened; if that fails, no new token is created", arguments: ["sealed-token", nil])
    func sealedToken(opened: String?) async throws {
        var settings = Settings()
        settings.sealed = ["LOCAL_TOKEN"]
        system.answer("decrypt") { opened.map { .init(status: 0, output: Array($0.utf8)) } ?? .init(status: 1) }
        let outcome = try await setup(settings: settings).run(key: Self.key)
        #expect(outcome.token?.reveal() == opened)
        #expect(folder.names == ["jules_api_key"])
    }

    @Test("Without systemd the key is stored and nothing is started")
    func withoutSystemd() async throws {
        _ = try await setup(hasSystemd: false).run(key: Self.key)
        #expect(folder.names.sorted() == ["jules_api_key", "local_token"])
        #expect(!system.verbs.contains("start") && !system.verbs.contains("restart"))
    }

    @Test("An error is thrown if the service does not start", arguments: ["enable", "restart"])
    func noStart(verb: String) async throws {
        system.answer(verb) { .init(status: 1) }
        let setup = setup()
        let failure = await #expect(throws: SetupError.self) { try await setup.run(key: Self.key) }
        guard case .service = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(folder.exists("jules_api_key"))
    }

    @Test("If the sockets do not start, the service is stopped and they are started again")
    func heldAddresses() async throws {
        let starts = Mutex(0)
        system.answer("start") {
            starts.withLock { starts in
                starts += 1
                return .init(status: starts == 1 ? 1 : 0)
            }
        }
        _ = try await setup().run(key: Self.key)
        #expect(system.verbs == ["reset-failed", "enable", "start", "stop", "start", "restart", "show"])
    }

    @Test(
        "The address is that of the first socket in the output of systemctl",
        arguments: [
            ("[::]:3001 (Stream)\n", 0, "[::]:3001"), ("10.0.0.1:80 (Stream) 10.0.0.2:80 (Stream)", 0, "10.0.0.1:80"),
            ("", 0, "127.0.0.1:3001"), ("10.0.0.1:80", 1, "127.0.0.1:3001"),
        ] as [(String, Int32, String)])
    func address(listed: String, status: Int32, address: String) {
        let units = ServiceUnits(run: { _ in .init(status: status, output: Array(listed.utf8)) })
        #expect(units.address() == address)
    }
}

@Suite("The store of credentials", .timeLimit(.minutes(2)))
struct CredentialStoreTests {
    private let plain: TemporaryFolder
    private let sealed: TemporaryFolder
    private let system = FakeSystem()

    init() throws { (plain, sealed) = (try TemporaryFolder(), try TemporaryFolder()) }

    private var store: CredentialStore {
        let system = system
        return CredentialStore(
            plainDirectory: plain.path, sealedDirectory: sealed.path, run: { system.run($0, input: $1) })
    }

    @Test("A secret is sealed under the name in the unit, and the plain file is removed")
    func seal() throws {
        try plain.write("old", to: "jules_api_key")
        system.answer("encrypt") { .init(status: 0, output: Array("sealed bytes".utf8)) }
        #expect(try store.store(Secret("new"), for: "JULES_API_KEY") == .sealed)
        #expect(try sealed.read("jules_api_key") == Array("sealed bytes".utf8))
        #expect(plain.names.isEmpty)
        #expect(system.commands == [["systemd-creds", "encrypt", "--name=sealed_jules_api_key", "-", "-"]])
        #expect(system.inputs == ["new"])
    }

    @Test(
        "A secret that cannot be sealed is stored in a plain file, and the sealed file is removed",
        arguments: [
            SystemCommand.Result(status: 1, output: Array("half".utf8)), .init(status: 0), .init(status: 127),
        ])
    func plainFile(sealing: SystemCommand.Result) throws {
        try sealed.write("old", to: "local_token")
        system.answer("encrypt") { sealing }
        #expect(try store.store(Secret("new"), for: "LOCAL_TOKEN") == .plain)
        #expect(try plain.read("local_token") == Array("new".utf8))
        #expect(sealed.names.isEmpty)
    }

    @Test(
        "A credential is returned only if systemd-creds opens it and it is text",
        arguments: [
            (.init(status: 0, output: Array("t".utf8)), "t"), (.init(status: 1, output: Array("t".utf8)), nil),
            (.init(status: 0, output: [0xFF]), nil),
        ] as [(SystemCommand.Result, String?)])
    func unseal(result: SystemCommand.Result, text: String?) {
        system.answer("decrypt") { result }
        #expect(store.unseal("LOCAL_TOKEN")?.reveal() == text)
        #expect(system.commands.first?[2] == "--name=sealed_local_token")
    }
}

/// Replaces the programs of the system: records the calls and answers as the test says; by default with success and no output.
private final class FakeSystem: Sendable {
    private struct State {
        var commands: [[String]] = []
        var inputs: [String] = []
        var said: [String] = []
        var answers: [String: @Sendable () -> SystemCommand.Result] = [:]
    }

    private let state = Mutex(State())

    var commands: [[String]] { state.withLock(\.commands) }
    /// What the programs were given on their standard input.
    var inputs: [String] { state.withLock(\.inputs) }
    var said: [String] { state.withLock(\.said) }
    /// The verbs of systemctl in the order of the calls.
    var verbs: [String] { commands.filter { $0[0] == "systemctl" }.map { $0[1] } }

    func answer(_ verb: String, _ answer: @escaping @Sendable () -> SystemCommand.Result) {
        state.withLock { $0.answers[verb] = answer }
    }

    func say(_ line: String) { state.withLock { $0.said.append(line) } }

    func run(_ arguments: [String], input: [UInt8] = []) -> SystemCommand.Result {
        let answer = state.withLock { state in
            state.commands.append(arguments)
            state.inputs.append(String(decoding: input, as: UTF8.self))
            return state.answers[arguments[1]]
        }
        return answer?() ?? SystemCommand.Result(status: 0)
    }
}
