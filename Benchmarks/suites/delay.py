# SPDX-License-Identifier: Apache-2.0
"""From Jules's answer to the last of 100 clients, with the change on the disk in between."""
import os
import time

from harness import Daemon, FakeJules
from report import median, number, table, verdict


def fsyncs(folder, count):
    """Milliseconds of writing 4 kB to the same disk durably, sorted."""
    took = []
    path = os.path.join(folder, "probe")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    for _ in range(count):
        os.pwrite(descriptor, os.urandom(4096), 0)
        began = time.perf_counter()
        os.fdatasync(descriptor)
        took.append((time.perf_counter() - began) * 1000)
    os.close(descriptor)
    os.remove(path)
    return sorted(took)


def measure(bench):
    account = FakeJules(bench, sessions=100, active=20, prompt=150)
    folder = bench.folder("delay")
    daemon = Daemon(bench, account, folder, POLL_INTERVAL="40ms").read_account()
    clients, broadcasts = (10, 3) if bench.short else (100, 150)
    runs = []
    for _ in range(bench.rounds):
        probes = fsyncs(folder, 20 if bench.short else 300)
        one = bench.listen(daemon, lambda: account.changes(1), clients=clients, broadcasts=broadcasts)
        account.changes(0)
        time.sleep(0.3)
        runs.append({**one, "fsync_p99_ms": probes[int(len(probes) * 0.99)]})
    daemon.stop()
    account.stop()
    return {key: median(runs, key) for key in ("clients", "origin_p50_ms", "origin_p99_ms", "fsync_p99_ms")}


def tables(result):
    limit = round(3 + result["fsync_p99_ms"], 2)
    return table(["what", "measured", "target"], [
        [f"{result['clients']:.0f} clients, p50, ms", number(result["origin_p50_ms"]), ""],
        ["p99, ms", number(result["origin_p99_ms"]), verdict(result["origin_p99_ms"], limit)],
        ["fdatasync(2) of 4 kB on the same disk, p99, ms", number(result["fsync_p99_ms"]), ""]])
