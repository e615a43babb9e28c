// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the kernel knows of a process, from `/proc/self/stat` (proc_pid_stat(5)).
///
/// Nothing else of `/proc` is needed, so that this works where the rest is hidden (systemd's `ProcSubset=pid`).
struct ProcessStatistics: Sendable, Equatable {
    let threads: Int
    let virtualBytes: Int
    let residentPages: Int
    /// When the process started, in clock ticks since boot.
    let startTicks: Int

    /// The statistics in the text of the file; `nil` where it is not as documented.
    init?(stat text: String) {
        // The second field is the program's name in parentheses, and may itself hold spaces and parentheses.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split { $0 == " " || $0 == "\n" }
        // Numbered as in the manual, where the first one after the name is field 3.
        func field(_ number: Int) -> Int? { fields.count > number - 3 ? Int(fields[number - 3]) : nil }
        guard let threads = field(20), let startTicks = field(22), let virtualBytes = field(23),
            let residentPages = field(24)
        else { return nil }
        self.threads = threads
        self.virtualBytes = virtualBytes
        self.residentPages = residentPages
        self.startTicks = startTicks
    }

    /// This process. Blocks no longer than the kernel takes to write a line.
    static func current() -> ProcessStatistics? {
        guard let bytes = try? FileContents.read("/proc/self/stat") else { return nil }
        return ProcessStatistics(stat: String(decoding: bytes, as: UTF8.self))
    }

    /// The start as Unix time in seconds, given the present Unix time and the time since boot.
    func startTime(now: Double, sinceBoot: Double, ticksPerSecond: Int) -> Double {
        now - sinceBoot + Double(startTicks) / Double(ticksPerSecond)
    }
}
