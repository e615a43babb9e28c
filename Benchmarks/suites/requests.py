# SPDX-License-Identifier: Apache-2.0
"""How many requests an account costs at Jules, over a day at compressed time."""
import random
import time

from harness import Daemon, FakeJules
from report import number, table, verdict

SESSIONS = 1000
HOURS = 24
# Simulated seconds in one: a day takes two minutes.
SCALE = 720
# Where seconds are measured, what the machine itself takes must stay small beside them: ten minutes of it.
ACTIVE_SCALE = 20
NAIVE_SECONDS = 5


def lapse(bench, scale):
    return {"LD_PRELOAD": f"{bench.tools}/time-lapse.so", "TIME_SCALE": str(scale), "UPSTREAM_BUDGET": "100", "UPSTREAM_TIMEOUT": "60s"}


def idle(bench):
    """Requests in each hour of a day in which nothing happens."""
    account = FakeJules(bench, sessions=SESSIONS)
    daemon = Daemon(bench, account, bench.folder("requests"), **lapse(bench, SCALE)).read_account()
    hour = 3600 / SCALE
    counts, before = [], account.requests()
    began = time.monotonic()
    for hour_index in range(1 if bench.short else HOURS):
        time.sleep(max(0, began + (hour_index + 1) * hour - time.monotonic()))
        now = account.requests()
        counts.append(now - before)
        before = now
    daemon.stop()
    account.stop()
    return counts


def active(bench):
    """Requests a minute with 20 sessions at work, and how old news is when a client has it."""
    account = FakeJules(bench, sessions=SESSIONS, active=20)
    daemon = Daemon(bench, account, bench.folder("requests"), **lapse(bench, ACTIVE_SCALE)).read_account()
    time.sleep(60 / ACTIVE_SCALE)
    changes, minutes = (3, 1) if bench.short else (40, 10)
    pause = minutes * 60 / ACTIVE_SCALE / changes
    chance, found = random.Random(1), {}

    def change():
        before, began = account.requests(), time.monotonic()
        for _ in range(changes):
            # So far apart that no poll shows two of them, at no particular moment of the beat.
            time.sleep(pause * (0.75 + chance.random() / 2))
            account.control("change")
        found["per_minute"] = (account.requests() - before) / ((time.monotonic() - began) * ACTIVE_SCALE / 60)

    seen = bench.listen(daemon, change, clients=1, broadcasts=changes)
    daemon.stop()
    account.stop()
    return {**found, "changes": changes, "seen_p50_s": seen["origin_p50_ms"] / 1000 * ACTIVE_SCALE,
            "seen_max_s": seen["origin_max_ms"] / 1000 * ACTIVE_SCALE}


def measure(bench):
    return {"idle": idle(bench), "active": active(bench)}


def tables(result):
    hours, busy = result["idle"], result["active"]
    average, naive = sum(hours) / len(hours), SESSIONS // 100 * 3600 // NAIVE_SECONDS
    return table(["account of 1,000 sessions", "measured", "target"], [
        ["idle for a day: requests an hour", number(average), verdict(round(average, 1), 75)],
        ["the busiest hour", f"{max(hours)}", ""],
        [f"whoever lists everything every {NAIVE_SECONDS} s: requests an hour", f"{naive:,}", f"{naive / average:.0f}× as many"],
        ["20 sessions at work: requests a minute", number(busy["per_minute"]), verdict(round(busy["per_minute"], 1), 20)],
        [f"{busy['changes']} changes: seen after, p50 s", number(busy["seen_p50_s"]), ""],
        ["the latest, s", number(busy["seen_max_s"]), verdict(round(busy["seen_max_s"], 2), 6)]])


def plots(result):
    hours = result["idle"]
    return {"requests.svg": ("hours", list(range(1, len(hours) + 1)), [
        ("Requests an hour, idle account of 1,000 sessions", [("julesd", hours)])])}
