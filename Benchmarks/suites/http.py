# SPDX-License-Identifier: Apache-2.0
"""Requests a second over 64 connections, julesd's answers against nginx with the same bytes as static files."""
import os
import re
import subprocess
import sys

import peers
from harness import TOKEN, Daemon, FakeJules
from report import median, number, ratio, table, verdict

PATHS = {"/healthz": "/healthz", "list of 10": "/api/sessions?limit=10", "list of 100": "/api/sessions?limit=100",
         "list of 500": "/api/sessions?limit=500"}
UNITS = {"us": 0.001, "ms": 1, "s": 1000}


def wrk(port, path, seconds, connections=64, threads=2):
    """Requests a second and milliseconds of p99."""
    out = subprocess.run(
        ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"Authorization: Bearer {TOKEN}",
         f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out:
        sys.exit(f"{path}: {out}")
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), "p99_ms": float(p99[1]) * UNITS[p99[2]]}


def measure(bench):
    account = FakeJules(bench, sessions=1000)
    daemon = Daemon(bench, account, bench.folder("http"), POLL_INTERVAL="60s").read_account()
    nginx = peers.Nginx(bench)
    rounds = {name: {"julesd": [], "nginx": []} for name in PATHS}
    bytes_of = {}
    for place, (name, path) in enumerate(PATHS.items()):
        body = daemon.get(path)
        bytes_of[name] = len(body)
        with open(os.path.join(nginx.files, str(place)), "wb") as file:
            file.write(body)
    seconds = 1 if bench.short else 2
    for _ in range(bench.rounds):
        for place, (name, path) in enumerate(PATHS.items()):
            rounds[name]["julesd"].append(wrk(daemon.port, path, seconds))
            rounds[name]["nginx"].append(wrk(nginx.port, f"/{place}", seconds))
    anonymous = daemon.program.memory()
    for server in (daemon, nginx, account):
        server.stop()
    return {"anon_mb": anonymous, "paths": {
        name: {"bytes": bytes_of[name], **{server: {key: median(runs, key) for key in ("rate", "p99_ms")}
                                           for server, runs in by_server.items()}} for name, by_server in rounds.items()}}


def tables(result):
    rows = []
    for name, one in result["paths"].items():
        own, other = one["julesd"], one["nginx"]
        share, delay = own["rate"] / other["rate"], own["p99_ms"] / other["p99_ms"]
        rows.append([name, f"{one['bytes']:,}", number(own["rate"]), number(other["rate"]), ratio(own["rate"], other["rate"]),
                     verdict(share, 0.7 if name == "/healthz" else 0.6, at_least=True), number(own["p99_ms"]),
                     number(other["p99_ms"]), ratio(own["p99_ms"], other["p99_ms"]), verdict(delay, 2)])
    return table(["answer", "bytes", "julesd, requests/s", "nginx", "×", "target", "julesd, p99 ms", "nginx", "×", "target"],
                 rows) + f"\n\nRssAnon afterwards: {number(result['anon_mb'])} MB."
