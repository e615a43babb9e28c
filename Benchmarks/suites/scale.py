# SPDX-License-Identifier: Apache-2.0
"""What more watchers than one machine can try would take, calculated from the curves of `fanout`, `memory` and `sessions`."""
from report import number, table

WATCHERS = (10_000, 100_000, 1_000_000)
# A change should be with the last watcher within a second, and all be back a minute after a restart.
LAST_SECONDS, BACK_SECONDS = 1, 60


def slope(curve, key):
    """How a figure grows by the client, at the end of the curve, where fixed costs weigh least."""
    sizes = sorted(map(int, curve))
    middle, end = sizes[len(sizes) // 2], sizes[-1]
    if middle == end:
        return curve[str(end)][key] / end
    return (curve[str(end)][key] - curve[str(middle)][key]) / (end - middle)


def measure(bench):
    needed = {"fanout", "memory"}
    if missing := needed - bench.results.keys():
        return {"missing": sorted(missing)}
    curve = bench.results["fanout"]["curve"]
    clients = list(bench.results["memory"].values())[-1]
    return {"span_us": slope(curve, "span_ms") * 1000, "cpu_us": slope(curve, "cpu_ms") * 1000,
            "handshake_us": slope(curve, "handshakes_ms") * 1000, "client_kb": clients["client_kb"],
            "base_mb": clients["before_mb"]}


def tables(result):
    if "missing" in result:
        return f"Calculated once {' and '.join(result['missing'])} have been measured."
    rows = []
    for watchers in WATCHERS:
        last, back = watchers * result["span_us"] / 1e6, watchers * result["handshake_us"] / 1e6
        machines = max(1, -(-last // LAST_SECONDS), -(-back // BACK_SECONDS))
        rows.append([f"{watchers:,}", number(last), number(watchers * result["cpu_us"] / 1e6), number(back),
                     number(result["base_mb"] / 1024 + watchers * result["client_kb"] / 1024**2), f"{machines:.0f}",
                     number(watchers / machines * result["client_kb"] / 1024**2)])
    return (f"By the client: {number(result['span_us'])} µs until the last one has a message, {number(result['cpu_us'])} µs of CPU a message, "
            f"{number(result['handshake_us'])} µs until it is back after a restart, {number(result['client_kb'])} kB.\n\n") + table(
        ["watchers", "last has a change after, s", "CPU a change, s", "all back after a restart, s", "RssAnon, GB",
         f"machines like this, for {LAST_SECONDS} s and {BACK_SECONDS} s", "GB on each"], rows)
