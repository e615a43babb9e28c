# SPDX-License-Identifier: Apache-2.0
"""Catching up: one client over 100,000 deltas, and 500 clients at once after a restart while others follow live."""
import time

import delta_log
from harness import TOKEN, Daemon, FakeJules
from report import median, number, table, verdict

SIZES = (1000, 10_000, 100_000)


def measure(bench):
    account = FakeJules(bench, sessions=100, active=20, prompt=150)
    daemon = Daemon(bench, account, bench.folder("replay"), POLL_INTERVAL="50ms").read_account()
    start = daemon.head()
    account.changes(1)
    while daemon.head() < start + 3:
        time.sleep(0.1)
    account.changes(0)
    time.sleep(0.3)
    daemon.stop()
    deltas, sizes, behind, clients = (100, (100,), 10, 5) if bench.short else (100_000, SIZES, 1000, 500)
    delta_log.lengthen(daemon.data, deltas)
    daemon.start()
    head = daemon.head()
    address = ["--port", daemon.port, "--token", TOKEN]
    runs = {channel: {size: [] for size in sizes} for channel in ("WebSocket", "event stream")}
    for _ in range(bench.rounds):
        for size in sizes:
            for channel, so_far in runs.items():
                words = [*address, "--since", head - size, "--until", head, *(["--events"] if channel != "WebSocket" else [])]
                so_far[size].append(bench.tool("replay", *words))
    crowds = []
    for _ in range(bench.rounds):
        daemon.stop()
        daemon.start()
        head = daemon.head()

        def come_back():
            account.changes(1)
            time.sleep(0.3)
            words = [*address, "--clients", clients, "--since", head - behind, "--until", head]
            crowds.append(bench.tool("replay", *words))

        live = bench.listen(daemon, come_back, clients=bench.short and 5 or 100, broadcasts=bench.short and 3 or 40)
        account.changes(0)
        time.sleep(0.3)
        crowds[-1] |= {"live_p99_ms": live["origin_p99_ms"], "live_max_ms": live["origin_max_ms"]}
    daemon.stop()
    account.stop()
    return {"single": {channel: {size: {key: median(many, key) for key in ("seconds", "deltas_per_s", "mb_per_s")}
                                 for size, many in by_size.items()} for channel, by_size in runs.items()},
            "crowd": {"clients": clients, "behind": behind,
                      **{key: median(crowds, key) for key in ("seconds", "deltas_per_s", "live_p99_ms", "live_max_ms")}}}


def tables(result):
    crowd = result["crowd"]
    rows = [[channel, f"{int(size):,}", number(one["seconds"] * 1000), f"{one['deltas_per_s']:,.0f}", number(one["mb_per_s"]),
             verdict(round(one["deltas_per_s"]), 300_000, at_least=True) if int(size) == max(SIZES) else ""]
            for channel, by_size in result["single"].items() for size, one in by_size.items()]
    return table(["channel", "deltas", "ms", "deltas/s", "MB/s", "target"], rows) + "\n\n" + table(
        ["after a restart", "measured", "target"], [
            [f"{crowd['clients']} clients, {crowd['behind']:,} deltas behind: all are live after, s", number(crowd["seconds"]),
             verdict(crowd["seconds"], 1)],
            ["deltas/s, all together", f"{crowd['deltas_per_s']:,.0f}", ""],
            ["clients that were live, p99 from Jules's answer to the client, ms", number(crowd["live_p99_ms"]),
             verdict(crowd["live_p99_ms"], 50)],
            ["the latest of all, ms", number(crowd["live_max_ms"]), ""]])


def plots(result):
    series = result["single"]
    sizes = [int(size) for size in series["WebSocket"]]
    return {"replay.svg": ("deltas", sizes, [
        ("Deltas a second, thousands", [(channel, [one["deltas_per_s"] / 1000 for one in by_size.values()])
                                        for channel, by_size in series.items()])])}
