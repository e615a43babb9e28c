# SPDX-License-Identifier: Apache-2.0
"""What sessions cost: memory, a poll that finds nothing new, one that finds a change, a whole reading, a start, filtered lists."""
import json
import os
import subprocess
import time

import delta_log
from harness import Daemon, FakeJules, until
from report import number, table, verdict
from suites.http import wrk

CURVE = (100, 1000, 10_000, 100_000)
LOG_MEGABYTES = 1000
FILTERS = {"no filter": "", "q": "&q=session%2077", "q, nothing found": "&q=no%20such%20text", "repo": "&repo=acme/project-7",
           "state": "&state=FAILED"}


def poll_cpu(daemon, seconds):
    """Milliseconds of CPU of one poll."""
    time.sleep(0.5)
    cpu, polls = daemon.program.cpu(), daemon.account.requests()
    time.sleep(seconds)
    return (daemon.program.cpu() - cpu) / max(1, daemon.account.requests() - polls)


def first_answer(bench, daemon, times):
    """Milliseconds from exec to the first answer of a stopped daemon."""
    took = []
    for _ in range(times):
        done = subprocess.run(
            [f"{bench.tools}/first-answer", str(daemon.port), f"{bench.julesd}/julesd", "--config", "/dev/null"], check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], **daemon.settings, "LOG_LEVEL": "error"})
        took.append(int(done.stdout) / 1000)
    return sorted(took)[len(took) // 2]


def whole_reading(daemon, sessions):
    """Starts a daemon, and answers how many seconds it takes to ask for the whole account again."""
    requests = daemon.account.requests()
    began = time.monotonic()
    daemon.start()
    until(lambda: daemon.account.requests() - requests >= sessions // 100, "the whole account", within=600)
    return time.monotonic() - began


def deep_cursor(daemon, query, pages):
    """The cursor of a page far down the list; none where the list is shorter."""
    cursor = ""
    for _ in range(pages):
        answer = json.loads(daemon.get(f"/api/sessions?limit=500{query}{cursor}"))
        if "nextCursor" not in answer:
            return None
        cursor = f"&cursor={answer['nextCursor']}"
    return cursor


def filtered_lists(bench, daemon):
    seconds, found = 1 if bench.short else 2, {}
    for name, query in FILTERS.items():
        path = f"/api/sessions?limit=100{query}"
        deep = deep_cursor(daemon, query, 1 if bench.short else 150 if not query else 1)
        found[name] = {"first": wrk(daemon.port, path, seconds, connections=4, threads=1)["p99_ms"],
                       "deep": wrk(daemon.port, path + deep, seconds, connections=4, threads=1)["p99_ms"] if deep else None}
    return found


def measure(bench):
    result = {}
    for sessions in (100, 300) if bench.short else CURVE:
        account = FakeJules(bench, sessions=sessions)
        began = time.monotonic()
        daemon = Daemon(bench, account, bench.folder("sessions"), POLL_INTERVAL="1h").read_account()
        one = {"first_reading_s": time.monotonic() - began}
        daemon.settle()
        one["anon_mb"], one["rss_mb"] = daemon.program.memory(), daemon.program.memory("VmRSS")
        daemon.stop()
        one["store_mb"] = os.path.getsize(f"{daemon.data}/sessions.sqlite") / 1e6
        one["first_answer_ms"] = first_answer(bench, daemon, 1 if bench.short else 7)
        one["reading_s"] = whole_reading(daemon, sessions)
        daemon.settle()
        one["reading_cpu_ms"] = daemon.program.cpu()
        one["anon_again_mb"] = daemon.program.memory()
        daemon.stop()
        # What is active is polled as fast as the setting says.
        daemon.settings["POLL_INTERVAL"] = "10ms"
        account.program.stop()
        account = daemon.account = FakeJules(bench, sessions=sessions, active=1)
        daemon.settings["JULES_API_BASE"] = account.base
        whole_reading(daemon, sessions)
        seconds = 0.5 if bench.short else 4
        one["poll_ms"] = poll_cpu(daemon, seconds)
        account.changes(1)
        one["poll_changed_ms"] = poll_cpu(daemon, seconds)
        account.changes(0)
        if sessions == max(CURVE) or bench.short:
            one["lists"] = filtered_lists(bench, daemon)
            daemon.stop()
            delta_log.lengthen(daemon.data, megabytes=1 if bench.short else LOG_MEGABYTES)
            daemon.settings["POLL_INTERVAL"] = "1h"
            one["long_log_mb"] = os.path.getsize(f"{daemon.data}/sessions.sqlite") / 1e6
            one["long_log_answer_ms"] = first_answer(bench, daemon, 1 if bench.short else 5)
        else:
            daemon.stop()
        account.stop()
        result[sessions] = one
    empty = FakeJules(bench, sessions=0)
    daemon = Daemon(bench, empty, bench.folder("sessions"), POLL_INTERVAL="1h")
    daemon.stop()
    result["0"] = {"first_answer_ms": first_answer(bench, daemon, 1 if bench.short else 11)}
    empty.stop()
    return result


def per_session(result, key):
    """How a figure grows with the sessions, in all from the smallest to the largest account, by the session."""
    sizes = sorted(int(size) for size in result if size != "0")
    return (result[str(sizes[-1])][key] - result[str(sizes[0])][key]) / (sizes[-1] - sizes[0])


def tables(result):
    sizes = sorted((size for size in result if size != "0"), key=int)
    small, large = result[sizes[0]], result[sizes[-1]]
    columns = {"first reading, s": "first_reading_s", "read again, s": "reading_s", "read again, CPU ms": "reading_cpu_ms",
               "poll, CPU ms": "poll_ms", "poll with one change, CPU ms": "poll_changed_ms", "RssAnon, MB": "anon_mb",
               "RssAnon after reading again, MB": "anon_again_mb", "VmRSS, MB": "rss_mb", "store, MB": "store_mb",
               "start to first answer, ms": "first_answer_ms"}
    curve = table(["sessions", *columns], [[f"{int(size):,}", *(number(result[size][key]) for key in columns.values())] for size in sizes])
    further, walk = per_session(result, "anon_again_mb") * 1024, per_session(result, "reading_cpu_ms") * 10_000
    rows = [
        ["10,000 unchanged sessions, from the newest page's poll, CPU ms", number(small["poll_ms"] * 100),
         verdict(round(small["poll_ms"] * 100, 1), 20)],
        ["10,000 unchanged sessions, from reading all again, CPU ms", number(walk), verdict(round(walk, 1), 20)],
        [f"one changed among {int(sizes[-1]):,}, CPU ms more than a poll", number(large["poll_changed_ms"] - large["poll_ms"]), "stated"],
        ["memory with 100 sessions, MB", number(small["anon_mb"]), verdict(round(small["anon_mb"], 2), 6)],
        ["memory of each further session, kB", number(max(further, 0)), verdict(round(further, 3), 1)],
        ["start to first answer, empty store, ms", number(result["0"]["first_answer_ms"]), verdict(result["0"]["first_answer_ms"], 12)],
        [f"start to first answer, {int(sizes[-1]):,} sessions, store of {large['long_log_mb']:,.0f} MB, ms",
         number(large["long_log_answer_ms"]), verdict(large["long_log_answer_ms"], 40)]]
    lists = [[name, number(one["first"]), verdict(one["first"], 10), number(one["deep"]) if one["deep"] else "–",
              verdict(one["deep"], 10) if one["deep"] else "no further page"] for name, one in large["lists"].items()]
    return "\n\n".join([curve, table(["what", "measured", "target"], rows), f"Lists of 100 out of {int(sizes[-1]):,} sessions, 4 at a time:",
                        table(["filter", "first page, p99 ms", "target", "deep page, p99 ms", "target"], lists)])


def plots(result):
    sizes = sorted(int(size) for size in result if size != "0")
    of = lambda key: [result[str(size)][key] for size in sizes]
    return {"sessions.svg": ("sessions", sizes, [
        ("CPU of one poll, ms", [("unchanged", of("poll_ms")), ("one changed", of("poll_changed_ms"))]),
        ("CPU of reading the whole account again, ms", [("julesd", of("reading_cpu_ms"))]),
        ("Anonymous memory, MB", [("after the first reading", of("anon_mb")), ("after reading again", of("anon_again_mb"))])])}
