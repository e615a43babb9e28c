# SPDX-License-Identifier: Apache-2.0
"""One message of 1 kB to many WebSocket clients: how long from the first to the last, what it costs, and what a client takes."""
import peers
from harness import Daemon, FakeJules
from report import median, number, ratio, table, verdict

LIMIT = "bare epoll, 2 threads"
CURVE = (100, 300, 1000, 2000, 5000, 9000)


def measure(bench):
    account = FakeJules(bench, sessions=100, prompt=150)
    servers = {
        "julesd": Daemon(bench, account, bench.folder("fanout"), POLL_INTERVAL="60s").read_account(),
        "nginx + nchan, 2 workers": peers.Nginx(bench), "Go gorilla": peers.gorilla(bench), "Node ws": peers.ws(bench),
        LIMIT: peers.epoll(bench, 2), "bare epoll, 1 thread": peers.epoll(bench, 1)}
    # A short run has all the parts and no weight.
    sizes, curve, broadcasts = ((20,), (10,), 2) if bench.short else ((2000, 9000), CURVE, 11)
    # An allocator keeps what it once had: only a server that has had no clients yet tells what they take.
    fresh = {name: bench.fanout(server, clients=sizes[-1], broadcasts=1)["client_kb"] for name, server in servers.items()}
    rounds = {name: {clients: [] for clients in (1, *sizes)} for name in servers}
    along = {clients: [] for clients in curve}
    for _ in range(bench.rounds):
        for clients in (1, *sizes):
            for name, server in servers.items():
                rounds[name][clients].append(bench.fanout(server, clients=clients, broadcasts=broadcasts))
        for clients in curve:
            along[clients].append(bench.fanout(servers["julesd"], clients=clients, broadcasts=broadcasts))
    for server in (*servers.values(), account):
        server.stop()
    keys = ("span_ms", "cpu_ms", "handshakes_ms", "handshake_cpu_us")
    middle = {name: {clients: {key: median(runs, key) for key in keys} for clients, runs in by_size.items()}
              for name, by_size in rounds.items()}
    for by_size in middle.values():
        alone = by_size.pop(1)["cpu_ms"]
        for one in by_size.values():
            one["cpu_ms"] -= alone
        by_size[sizes[0]]["cause_ms"] = alone
    return {"servers": middle, "client_kb": fresh, "curve": {
        clients: {key: median(runs, key) for key in (*keys, "anon_kb", "message_bytes")} for clients, runs in along.items()}}


def tables(result):
    servers = result["servers"]
    parts = []
    for clients in next(iter(servers.values())):
        own = servers["julesd"][clients]
        rows = [[name, number(one["span_ms"]), ratio(own["span_ms"], one["span_ms"]), number(one["cpu_ms"]),
                 ratio(own["cpu_ms"], one["cpu_ms"]), number(one["handshakes_ms"]), ratio(own["handshakes_ms"], one["handshakes_ms"]),
                 number(one["handshake_cpu_us"])]
                for name, by_size in servers.items() for one in [by_size[clients]]]
        parts.append(f"{int(clients):,} clients; “×” is julesd's figure divided by that server's:\n\n" + table(
            ["server", "first to last client, ms", "×", "CPU a broadcast, ms", "×", "all handshakes, ms", "×",
             "CPU a handshake, µs"], rows))
    largest = max(servers["julesd"], key=int)
    own, nchan, limit = (servers[name] for name in ("julesd", "nginx + nchan, 2 workers", LIMIT))
    rows = []
    for clients in own:
        for what, key, other, most in (
                ("last client, against nchan", "span_ms", nchan, 1.0), ("last client, against the limit", "span_ms", limit, 1.2),
                ("CPU a broadcast, against the limit", "cpu_ms", limit, 1.2),
                ("handshakes, against nchan", "handshakes_ms", nchan, 1.2)):
            if key == "handshakes_ms" and clients != largest:
                continue
            value = own[clients][key] / other[clients][key]
            rows.append([f"{int(clients):,} clients: {what}", f"{value:.2f}×", verdict(value, most)])
    taken = result["client_kb"]
    rows.append(["memory of a client, kB", number(taken["julesd"]), verdict(taken["julesd"], 6)])
    parts.append(table(["target", "measured", ""], rows))
    parts.append(f"What a message costs before it is on its way, and what each of {int(largest):,} clients takes:\n\n" + table(
        ["server", "CPU with one client, ms", "kB a client"],
        [[name, number(next(iter(by_size.values()))["cause_ms"]), number(max(taken[name], 0))] for name, by_size in servers.items()]))
    parts.append("julesd over the number of clients:\n\n" + table(
        ["clients", "first to last, ms", "CPU a broadcast, ms", "CPU a client, µs", "all handshakes, ms", "RssAnon, MB"],
        [[f"{int(clients):,}", number(one["span_ms"]), number(one["cpu_ms"]), number(one["cpu_ms"] * 1000 / int(clients)),
          number(one["handshakes_ms"]), number(one["anon_kb"] / 1024)] for clients, one in result["curve"].items()]))
    return "\n\n".join(parts)


def plots(result):
    curve = result["curve"]
    clients = [int(n) for n in curve]
    return {"fanout.svg": ("clients", clients, [
        ("One message to all clients, ms", [("first to last client", [one["span_ms"] for one in curve.values()]),
                                            ("CPU", [one["cpu_ms"] for one in curve.values()])]),
        ("Anonymous memory, MB", [("julesd", [one["anon_kb"] / 1024 for one in curve.values()])])])}
