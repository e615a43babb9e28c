// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc

extension MetricRegistry {
    /// Registers the process metrics of Prometheus's client libraries under their standard names
    /// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics).
    public func registerProcess() {
        // Read only once: if a clock is set later, it must not look as if the process had restarted.
        let startTime = ProcessStatistics.current()?.startTime(
            now: seconds(CLOCK_REALTIME), sinceBoot: seconds(CLOCK_BOOTTIME),
            ticksPerSecond: sysconf(CInt(_SC_CLK_TCK)))
        register {
            await withCheckedContinuation { continuation in
                // With ten thousand clients it takes milliseconds to list the descriptors, which is too long for an
                // event loop.
                DispatchQueue.global().async { continuation.resume(returning: processFamilies(startTime: startTime)) }
            }
        }
    }
}

private func processFamilies(startTime: Double?) -> [MetricFamily] {
    let statistics = ProcessStatistics.current()
    var limits = rlimit()
    let maximum = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 ? Double(limits.rlim_cur) : nil
    let values: [(name: String, help: String, kind: MetricFamily.Kind, value: Double?)] = [
        (
            "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", .counter,
            seconds(CLOCK_PROCESS_CPUTIME_ID)
        ),
        ("process_open_fds", "Number of open file descriptors.", .gauge, openDescriptors().map(Double.init)),
        ("process_max_fds", "Maximum number of open file descriptors.", .gauge, maximum),
        (
            "process_virtual_memory_bytes", "Virtual memory size in bytes.", .gauge,
            statistics.map { Double($0.virtualBytes) }
        ),
        (
            "process_resident_memory_bytes", "Resident memory size in bytes.", .gauge,
            statistics.map { Double($0.residentPages * sysconf(CInt(_SC_PAGESIZE))) }
        ),
        (
            "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", .gauge,
            startTime
        ),
        ("process_threads", "Number of OS threads in the process.", .gauge, statistics.map { Double($0.threads) }),
    ]
    return values.map { MetricFamily($0.name, $0.help, $0.kind, $0.value.map { [MetricSample([], $0)] } ?? []) }
}

/// The present value of a clock in seconds (clock_gettime(2)).
private func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func openDescriptors() -> Int? {
    guard let directory = opendir("/proc/self/fd") else { return nil }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    // Not counted: `.`, `..` and the descriptor of the listing itself.
    return count - 3
}
