# SPDX-License-Identifier: Apache-2.0
"""What WebSocket clients take of a daemon that has had none before."""
from harness import Daemon, FakeJules
from report import number, table, verdict

CURVE = (100, 1000, 3000, 9000)


def measure(bench):
    result = {}
    for clients in (10,) if bench.short else CURVE:
        account = FakeJules(bench, sessions=100, prompt=150)
        daemon = Daemon(bench, account, bench.folder("memory"), POLL_INTERVAL="60s").read_account()
        daemon.settle()
        before = daemon.program.memory()
        one = bench.fanout(daemon, clients=clients, broadcasts=2 if bench.short else 20)
        result[clients] = {"before_mb": before, "connected_mb": one["anon_kb"] / 1024, "peak_mb": one["peak_anon_kb"] / 1024,
                           "client_kb": (one["anon_kb"] - before * 1024) / clients}
        daemon.stop()
        account.stop()
    return result


def tables(result):
    rows = [[f"{int(clients):,}", number(one["before_mb"]), number(one["connected_mb"]), number(one["client_kb"]), number(one["peak_mb"])]
            for clients, one in result.items()]
    last = list(result.values())[-1]
    return table(["clients", "RssAnon before, MB", "connected, MB", "kB a client", "most during 20 broadcasts, MB"], rows) + (
        f"\n\nEach client: {number(last['client_kb'])} kB, {verdict(round(last['client_kb'], 2), 6)}.")


def plots(result):
    return {"memory.svg": ("clients", [int(clients) for clients in result], [
        ("Anonymous memory, MB", [("connected", [one["connected_mb"] for one in result.values()]),
                                  ("most during broadcasts", [one["peak_mb"] for one in result.values()])])])}
