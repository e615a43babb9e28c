// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport
import Glibc

@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jules-simulator",
        abstract: "A stand-in for the Jules REST API (v1alpha), for demos, tests and benchmarks.",
        discussion: """
            Sessions behave like real ones: they are queued, make a plan, wait for approval, work, ask and end. A knob sets \
            behaviour that is not certain or that a test wants to change. Set knobs with --set or later with POST \
            /simulator/knobs.

            The knobs with their defaults:
            \(knobTable)
            """)

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 is any free one.")
    var port = 8089

    @Option(help: "The same seed gives the same ids, texts and times.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("The start of simulated time, in RFC 3339. (default: now)", valueName: "time"))
    var start: String?

    @Option(help: "How many times faster than real time the sessions run.")
    var speed = 1.0

    @Option(help: "How many sessions there are at the start.")
    var sessions = 20

    @Option(help: "How many of them are at work.")
    var active = 6

    @Option(help: "How many new sessions start per minute.")
    var arrivals = 0.0

    @Option(help: "The only API key to accept. (default: any key that is not empty)")
    var key: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("Set a knob; may be repeated.", valueName: "knob=value"))
    var settings: [String] = []

    @Option(
        help: ArgumentHelp(
            #"Add a fault such as {"fault":"status","status":503,"count":3}; may be repeated."#, valueName: "json"))
    var fault: [String] = []

    private static var knobTable: String {
        APIBehavior.all.map { knob in
            let left = "  \(knob.name)=\(knob.read(APIBehavior()))"
            return left + String(repeating: " ", count: max(1, 32 - left.count)) + knob.summary
        }.joined(separator: "\n")
    }

    func validate() throws {
        _ = try options()
    }

    private func options() throws(ValidationError) -> SimulatorOptions {
        guard (0...65535).contains(port) else { throw ValidationError("--port: expected 0 to 65535") }
        guard speed >= 0, arrivals >= 0 else { throw ValidationError("--speed, --arrivals: expected 0 or more") }
        guard sessions >= 0, (0...sessions).contains(active) else {
            throw ValidationError("--active: expected 0 to the number of --sessions")
        }
        var options = SimulatorOptions()
        if let start {
            guard let instant = Timestamp(rfc3339: start) else {
                throw ValidationError("--start: expected 2026-11-20T09:00:00Z")
            }
            options.start = instant
        }
        (options.host, options.port, options.seed, options.speed) = (host, port, seed, speed)
        (options.sessions, options.active, options.arrivals, options.key) = (sessions, active, arrivals, key)
        do throws(ControlError) {
            for setting in settings {
                let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { throw ControlError("expected KNOB=VALUE, not \"\(setting)\"") }
                try options.behavior.set(parts[0], to: parts[1])
            }
            for text in fault { options.faults.append(try Fault(parsing: text)) }
        } catch {
            throw ValidationError(error.description)
        }
        return options
    }

    func run() async throws {
        // There is nothing to save, and _exit is safe in a signal handler (signal-safety(7)).
        for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(0) } }
        let options = try options()
        let simulator: Simulator
        do throws(ListenError) {
            simulator = try await Simulator.start(options)
        } catch {
            FileDescriptor.write("jules-simulator: \(error)\n", to: STDERR_FILENO)
            throw ExitCode(71)
        }
        FileDescriptor.write("jules-simulator listening on \(simulator.baseURL)\n", to: STDOUT_FILENO)
        // Signals end the process.
        while true { try await Task.sleep(for: .seconds(86400)) }
    }
}

/// Standard output and error without stdio's buffer, so that a program that waits for a line gets it.
private enum FileDescriptor {
    static func write(_ text: String, to descriptor: CInt) {
        _ = text.utf8CString.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count - 1) }
    }
}
