# SPDX-License-Identifier: Apache-2.0
"""A tenth of the clients never reads: what the others notice of it, and what the daemon keeps for those."""
from harness import Daemon, FakeJules
from report import number, table, verdict


def measure(bench):
    clients, broadcasts, prompt = (20, 3, 1000) if bench.short else (1000, 120, 12_000)
    runs = {0: [], 10: []}
    for _ in range(bench.rounds):
        for percent, so_far in runs.items():
            # Large messages, so that the limit of what may wait for a client comes soon.
            account = FakeJules(bench, sessions=100, prompt=prompt)
            daemon = Daemon(bench, account, bench.folder("slow"), POLL_INTERVAL="60s").read_account()
            so_far.append(bench.fanout(daemon, clients=clients, broadcasts=broadcasts, silent=percent))
            daemon.stop()
            account.stop()
    best = {percent: sorted(so_far, key=lambda one: one["p99_ms"])[len(so_far) // 2] for percent, so_far in runs.items()}
    return {"all": best[0], "some": best[10]}


def tables(result):
    every, some = result["all"], result["some"]
    # Fewer clients read in the second case: a broadcast to them is over sooner by as much.
    share = (every["clients"] - some["silent"]) / every["clients"]
    change = some["p99_ms"] / (every["p99_ms"] * share)
    rows = [
        [f"p99 of {every['clients']:,} clients that all read, ms", number(every["p99_ms"]), ""],
        [f"p99 of the others while {some['silent']:,} of them never read, ms", number(some["p99_ms"]), ""],
        ["against their share of the first figure", f"{change:.2f}×", verdict(change, 1.1)],
        ["clients cut off at their limit", f"{some['cut']:,} of {some['silent']:,}", verdict(some["cut"], some["silent"], at_least=True)],
        ["most RssAnon, all read, MB", number(every["peak_anon_kb"] / 1024), ""],
        ["most RssAnon, some never read, MB", number(some["peak_anon_kb"] / 1024), "stated"]]
    return f"Messages of {every['message_bytes']:,} bytes.\n\n" + table(["what", "measured", "target"], rows)
