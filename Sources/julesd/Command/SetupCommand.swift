// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport
import Logging

/// `julesd setup`
struct SetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup",
        abstract: "Asks for the Jules key, stores it and starts the service.",
        discussion: """
            Asks for the key on a terminal, or reads it as the first line of standard input; checks it against the Jules API; \
            stores it as a credential of the service, encrypted if systemd-creds can do that; makes a token for clients if there \
            is none; enables and starts sockets and service. If standard output is a terminal, prints address and token. \
            Exits with 77 if the API refuses the key and with 69 if it cannot be reached. Nothing is stored then.
            """)

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Only prints the token that clients need.")
    var showToken = false

    func run() async throws {
        guard ProcessEnvironment.isRoot else {
            printError("error: the credentials are root's; run this as root")
            throw ExitCode(ExitStatus.failure.rawValue)
        }
        try await showToken ? printToken() : setUp()
    }

    private func setUp() async throws {
        // No other task runs in this verb, so it may block while it waits for a person and for systemctl.
        let key = Terminal.readSecretLine(prompt: "Key for the Jules API (not shown): ")
        guard let key = key.map(trimmed), !key.isEmpty else {
            printError("error: no key was given, on the terminal or on standard input")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        let setup = Setup(
            load: { [options] key throws(SettingsError) in try options.setupLoader(key: key).load() },
            check: { settings throws(UpstreamError) in _ = try await JulesClient(settings).sessions(pageSize: 1) },
            say: { printError($0) })
        do throws(SetupError) {
            let outcome = try await setup.run(key: Secret(key))
            printError("julesd is set up.")
            guard Terminal.isOutput else { return }
            print("\n  address  http://\(outcome.address)")
            print("  token    \(outcome.token?.reveal() ?? "(cannot be opened here)")")
        } catch {
            throw explain(error)
        }
    }

    private func explain(_ failure: SetupError) -> ExitCode {
        switch failure {
        case .settings(let fault): return report(fault)
        case .upstream(let error):
            printError("error: \(error); nothing was stored")
            if error.refusesKey { logRefusal(error) }
        case .storage(let error): printError("error: \(error)")
        case .service: printError("error: the service did not start; \"journalctl -e -u julesd\" tells why")
        }
        return ExitCode(failure.status.rawValue)
    }

    /// Writes the refusal to the journal, with a text that says what to do: there an administrator looks for the reason.
    private func logRefusal(_ error: UpstreamError) {
        let log = LogDestination(identifier: "julesd", format: .journal, level: .info, fields: .julesd)
        guard log.format == .journal else { return }
        log.logger("julesd").event(
            .keyRefused, level: .error, "Jules refuses the key that setup was given: \(error)",
            metadata: ["unit": "\(ServiceUnits.service)"])
    }

    private func printToken() throws {
        let settings: Settings
        // The key may still be missing.
        do { settings = try options.setupLoader(key: Secret("none")).load() } catch { throw report(error) }
        guard let token = settings.localToken ?? CredentialStore().unseal("LOCAL_TOKEN") else {
            printError("error: there is no token; \"julesd setup\" makes one")
            throw ExitCode(ExitStatus.failure.rawValue)
        }
        print(token.reveal())
    }

    private func trimmed(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}

extension SetupError {
    fileprivate var status: ExitStatus {
        switch self {
        case .settings: .settings
        case .upstream(let error): error.refusesKey ? .keyRefused : .unavailable
        case .storage: .storage
        case .service: .failure
        }
    }
}
