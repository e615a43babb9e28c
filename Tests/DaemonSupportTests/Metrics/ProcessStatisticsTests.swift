// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

@Suite("Process statistics", .timeLimit(.minutes(2)))
struct ProcessStatisticsTests {
    @Test("The kernel's line is parsed, whatever the program's name")
    func line() throws {
        let statistics = try #require(
            ProcessStatistics(
                stat: """
                    4711 (a) b (c) S 1 4711 4711 0 -1 4194560 8811 0 12 0 31 7 0 0 20 0 9 0 250 661815296 8634 \
                    18446744073709551615 1 1 0 0 0 0 0 0 17 0 0 0\n
                    """))
        #expect(statistics.threads == 9)
        #expect(statistics.virtualBytes == 661_815_296)
        #expect(statistics.residentPages == 8634)
        // Started 2.5 s after a boot that was 100 s ago.
        #expect(statistics.startTime(now: 1_000_000, sinceBoot: 100, ticksPerSecond: 100) == 999_902.5)
    }

    @Test("A line in another form gives nil", arguments: ["", "1 (x", "1 (x) S 1 2 3"])
    func nonsense(text: String) {
        #expect(ProcessStatistics(stat: text) == nil)
    }

    @Test("The metrics of this process have the names of Prometheus's client libraries")
    func process() async throws {
        let registry = MetricRegistry()
        registry.registerProcess()
        let families = await registry.families()
        #expect(
            families.map(\.name) == [
                "process_cpu_seconds_total", "process_max_fds", "process_open_fds", "process_resident_memory_bytes",
                "process_start_time_seconds", "process_threads", "process_virtual_memory_bytes",
            ])
        for family in families {
            #expect(try #require(family.samples.first).value > 0, "\(family.name)")
        }
    }
}
