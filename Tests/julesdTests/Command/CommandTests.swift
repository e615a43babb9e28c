// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport
import Testing

@testable import julesd

@Suite("Command line", .timeLimit(.minutes(2)))
struct CommandTests {
    private func options(_ arguments: [String]) throws -> SettingsOptions {
        switch try JulesdCommand.parseAsRoot(arguments) {
        case let command as RunCommand: command.options
        case let command as CheckConfigCommand: command.options
        case let command as HealthcheckCommand: command.options
        case let command: throw ValidationError("\(command)")
        }
    }

    @Test(
        "Options are accepted before and after the verb, and without a verb",
        arguments: [
            ["--config", "/f", "check-config"], ["check-config", "--config", "/f"], ["--config", "/f"],
            ["run", "--config", "/f"],
            ["--config=/f", "healthcheck"], ["healthcheck", "--config=/f"],
        ])
    func config(arguments: [String]) throws {
        #expect(try options(arguments).config == "/f")
    }

    @Test("Options become settings, and an explicit --set counts last")
    func settings() throws {
        let parsed = try options([
            "--port", "1", "run", "--host", "::", "--data-dir", "/d", "--log-level", "debug", "--log-format", "json",
            "--set",
            "PORT=2", "--set", "NO_PROXY=a=b",
        ])
        #expect(
            parsed.settings.map { "\($0.key)=\($0.value)" } == [
                "PORT=1", "HOST=::", "DATA_DIR=/d", "LOG_LEVEL=debug", "LOG_FORMAT=json", "PORT=2", "NO_PROXY=a=b",
            ])
    }

    @Test(
        "A wrong command line is refused with usage, and a secret is never repeated",
        arguments: [
            ["--set", "LOCAL_TOKEN=hunter2hunter2hunter2"], ["--set", "JULES_API_KEY=hunter2"], ["--set", "PORT"],
            ["--set", "=1"],
            ["--nonsense"], ["nonsense"], ["check-config", "extra"], ["--config"],
        ])
    func usage(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { _ = try JulesdCommand.parseAsRoot(arguments) }
        guard let error else { return }
        #expect(JulesdCommand.exitCode(for: error).rawValue == ExitStatus.usage.rawValue)
        #expect(!JulesdCommand.fullMessage(for: error).contains("hunter2"))
    }

    @Test("The file of a secret can be named on the command line")
    func secretFile() throws {
        #expect(try options(["--set", "LOCAL_TOKEN_FILE=/t"]).settings.map(\.key) == ["LOCAL_TOKEN_FILE"])
    }
}
