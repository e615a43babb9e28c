// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import Testing

@testable import jules_simulator

/// Prometheus itself reads the daemon's metrics.
@Suite("Prometheus", .timeLimit(.minutes(2)))
struct PrometheusTests {
    private let http = HTTPClient(userAgent: "julesd-test/1")
    private let token = "0123456789abcdef0123"

    @Test("promtool has no complaint about the metrics, and Prometheus reads them from the running daemon")
    func scrape() async throws {
        var options = SimulatorOptions()
        options.sessions = 7
        options.speed = 0
        let simulator = try await Simulator.start(options)
        let folder = try makeFolder()
        let port = freePort()
        let daemon = try SpawnedProgram(
            SpawnedProgram.built("julesd"), [],
            environment: [
                "JULES_API_BASE=\(simulator.baseURL)", "JULES_API_KEY=k", "LOCAL_TOKEN=\(token)", "PORT=\(port)",
                "LOG_FORMAT=json", "DATA_DIR=\(folder)",
            ], output: "\(folder)/julesd.log")
        do {
            // Everything that can have a metric exists now: a route, an operation and all sessions.
            try await until("sessions are known") {
                try await get("http://127.0.0.1:\(port)/api/sessions", token).contains(#""id":"#)
            }
            try await promtool(port, folder)
            try await prometheus(port, folder)
        } catch {
            daemon.signal(SIGTERM)
            _ = await daemon.wait()
            Issue.record("julesd wrote:\n\(try text("\(folder)/julesd.log"))")
            await simulator.stop()
            try await remove(folder)
            throw error
        }
        daemon.signal(SIGTERM)
        #expect(await daemon.wait() == 0)
        await simulator.stop()
        try await remove(folder)
    }

    private func promtool(_ port: Int, _ folder: String) async throws {
        let file = try #require(fopen("\(folder)/metrics", "w"))
        fputs(try await get("http://127.0.0.1:\(port)/metrics"), file)
        fclose(file)
        let promtool = try SpawnedProgram(
            "promtool", ["check", "metrics"], input: "\(folder)/metrics", output: "\(folder)/promtool.log")
        #expect(await promtool.wait() == 0)
        #expect(try text("\(folder)/promtool.log") == "")
    }

    private func prometheus(_ target: Int, _ folder: String) async throws {
        let file = try #require(fopen("\(folder)/prometheus.yml", "w"))
        fputs(
            """
            global: {scrape_interval: 200ms, scrape_timeout: 200ms}
            scrape_configs: [{job_name: julesd, static_configs: [{targets: ["127.0.0.1:\(target)"]}]}]

            """, file)
        fclose(file)
        let port = freePort()
        let prometheus = try SpawnedProgram(
            "prometheus",
            [
                "--config.file=\(folder)/prometheus.yml", "--storage.tsdb.path=\(folder)/tsdb",
                "--web.listen-address=127.0.0.1:\(port)",
            ], output: "\(folder)/prometheus.log")
        do {
            for (query, value) in [
                ("up", "1"), ("sum(julesd_sessions)", "7"),
                (#"count(julesd_upstream_requests_total{operation="sessions.list",status="200"})"#, "1"),
                (#"julesd_errors_total{type="internal"}"#, "0"), ("count(process_start_time_seconds)", "1"),
            ] {
                let address = "http://127.0.0.1:\(port)/api/v1/query?query=" + query.queryEncoded
                try await until("\(query) is \(value)") {
                    let answer = try JSON(parsing: Array(try await get(address).utf8))
                    return answer["data"]?["result"]?.array?.first?["value"]?.array?.last?.string == value
                }
            }
        } catch {
            prometheus.signal(SIGKILL)
            _ = await prometheus.wait()
            Issue.record("prometheus wrote:\n\(try text("\(folder)/prometheus.log"))")
            throw error
        }
        prometheus.signal(SIGKILL)
        _ = await prometheus.wait()
    }

    private func text(_ file: String) throws -> String {
        String(decoding: try FileContents.read(file) ?? [], as: UTF8.self)
    }

    /// The body of a response with any status.
    private func get(_ url: String, _ token: String? = nil) async throws -> String {
        let headers = token.map { [("Authorization", "Bearer \($0)")] } ?? []
        let response = try await http.send(
            ClientRequest(method: "GET", url: url, headers: headers, body: nil, timeout: .seconds(10)))
        return String(decoding: response.body, as: UTF8.self)
    }

    /// Repeats the check until it is true. An error counts as false.
    private func until(_ what: String, _ isSo: () async throws -> Bool) async throws {
        for _ in 0..<600 {
            if (try? await isSo()) == true { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw SpawnedProgram.ProgramError(description: "it did not come to pass that \(what)")
    }

    /// A port that is most likely free, below the kernel's range for automatic ports (ip(7)).
    ///
    /// It is not tested first, because a child process that another test starts at that moment would inherit the socket
    /// and keep it.
    private func freePort() -> Int { .random(in: 20_000..<30_000) }

    private func makeFolder() throws -> String {
        var template = Array("/tmp/julesd-test-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
        return String(cString: try #require(made))
    }

    private func remove(_ folder: String) async throws {
        _ = try await SpawnedProgram("rm", ["-rf", folder], output: "/dev/null").wait()
    }
}

extension String {
    /// The text with all characters encoded that have a meaning in a query.
    fileprivate var queryEncoded: String {
        utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            return switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_": String(scalar)
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16)
            }
        }.joined()
    }
}
