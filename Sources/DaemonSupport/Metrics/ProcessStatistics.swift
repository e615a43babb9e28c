// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Statistics of this process from `/proc/self/stat` (proc_pid_stat(5)).
///
/// Only this file of `/proc` is read, so it works even if the rest is hidden (systemd's `ProcSubset=pid`).
struct ProcessStatistics: Sendable, Equatable {
    let threads: Int
    let virtualBytes: Int
    let residentPages: Int
    /// The start of the process, in clock ticks since boot.
    let startTicks: Int

    /// Parses the text of the file; `nil` if it has another form than documented.
    init?(stat text: String) {
        // The second field is the program's name in parentheses. The name itself may contain spaces and parentheses.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split { $0 == " " || $0 == "\n" }
        // The numbers are those of the manual, in which the field after the name is number 3.
        func field(_ number: Int) -> Int? { fields.count > number - 3 ? Int(fields[number - 3]) : nil }
        guard let threads = field(20), let startTicks = field(22), let virtualBytes = field(23),
            let residentPages = field(24)
        else { return nil }
        self.threads = threads
        self.virtualBytes = virtualBytes
        self.residentPages = residentPages
        self.startTicks = startTicks
    }

    /// Reads the statistics of this process; `nil` if the file cannot be read. The read does not wait for a disk.
    static func current() -> ProcessStatistics? {
        guard let bytes = try? FileContents.read("/proc/self/stat") else { return nil }
        return ProcessStatistics(stat: String(decoding: bytes, as: UTF8.self))
    }

    /// The start as Unix time in seconds. `now` is the present Unix time and `sinceBoot` the time since boot, both in
    /// seconds.
    func startTime(now: Double, sinceBoot: Double, ticksPerSecond: Int) -> Double {
        now - sinceBoot + Double(startTicks) / Double(ticksPerSecond)
    }
}
