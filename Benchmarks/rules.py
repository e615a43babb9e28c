#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long `julesd rules test` takes for a month of history.

usage: rules.py [--sessions N] [--runs N] JULESD

A store of so many sessions, created over 30 days: each has a plan, a question, 40 activities and ten deltas, and ends well or badly. The
rules are the examples of the package. On a machine that does other things too, a run waits for a processor: that is told beside the time by
the clock and the processor time.
"""
import argparse
import datetime
import glob
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # Leaves the checkout as it was.
root = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path += [f"{root}/Tests/Clients"]

import programs
from programs import Daemon, Simulator

parser = argparse.ArgumentParser(usage=__doc__)
parser.add_argument("julesd")
parser.add_argument("--sessions", type=int, default=10_000)
parser.add_argument("--runs", type=int, default=10)
arguments = parser.parse_args()
julesd = Daemon.binary = os.path.realpath(arguments.julesd)
Simulator.binary = os.path.join(os.path.dirname(julesd), "jules-simulator")
work = tempfile.mkdtemp(prefix="julesd-rules-", dir=os.getcwd())
STATES = ["QUEUED", "PLANNING", "AWAITING_PLAN_APPROVAL", "IN_PROGRESS", "AWAITING_USER_FEEDBACK", "IN_PROGRESS", "PAUSED", "IN_PROGRESS"]
REASONS = {"AWAITING_PLAN_APPROVAL": "plan", "AWAITING_USER_FEEDBACK": "question", "FAILED": "failed"}
MONTH = 30 * 86_400


def stamp(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def encode(value):
    return json.dumps(value, separators=(",", ":")).encode()


def history(number, begin):
    """One session with its deltas and activities."""
    repository = f"acme/{('docs', 'harbor', 'site-north', 'billing')[number % 4]}"
    session = {"name": f"sessions/{number}", "id": f"{number}", "title": f"Task {number} of the month", "createTime": stamp(begin),
               "prompt": "Retry transient upload failures, with a backoff, and say so in the log. " * 8,
               "sourceContext": {"source": f"sources/github/{repository}", "githubRepoContext": {"startingBranch": "main"}}}
    states = STATES + ["COMPLETED" if number % 5 else "FAILED"]
    before, deltas = None, []
    for step, state in enumerate(states):
        after = {**session, "state": state, "updateTime": stamp(begin + 60 * step)}
        body = {"seq": 0, "id": f"{number}", "changeType": "updated" if before else "created", "before": before, "after": after,
                "attention": state in REASONS}
        deltas.append((begin + 60 * step, f"{number}", body["changeType"], REASONS.get(state), int(step == len(states) - 1), encode(body)))
        before = after
    activities = []
    for place in range(40):
        activity = {"name": f"sessions/{number}/activities/{place}", "id": f"{place}", "createTime": stamp(begin + 12 * place), "originator": "agent"}
        kind = {9: "planGenerated", 19: "agentMessaged"}.get(place, "progressUpdated")
        activity[kind] = {"planGenerated": {"plan": {"id": f"p{number}", "steps": [
            {"title": f"Step {step}", "description": "Change the file and its test. " * 5, "index": step} for step in range(2 + number % 9)]}},
            "agentMessaged": {"agentMessage": "Shall I continue with the remaining files?"},
            "progressUpdated": {"title": "Ran the tests", "description": "All of them passed. " * 20}}[kind]
        activities.append((f"{number}", f"{place}", int((begin + 12 * place) * 1e9), kind, encode(activity)))
    row = (f"{number}", int(begin * 1e9), states[-1], repository, 0, session["title"].lower(), encode(before))
    return row, deltas, activities


def fill(path):
    now = time.time()
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous = OFF")
    seq, size, pending = database.execute("SELECT head FROM log").fetchone()[0], 0, []
    for number in range(arguments.sessions):
        row, deltas, activities = history(number, now - MONTH + 3600 + (MONTH - 7200) * number / arguments.sessions)
        database.execute("INSERT INTO session (id, created, state, repository, archived, search, body) VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        database.executemany("INSERT INTO activity (session, id, created, kind, body) VALUES (?, ?, ?, ?, ?)", activities)
        pending += deltas
    for at, session, change, reason, finished, body in sorted(pending):
        seq, size = seq + 1, size + len(body)
        database.execute("INSERT INTO delta (seq, session, change, reason, finished, at, ends, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                         (seq, session, change, reason, finished, int(at * 1e9), size, body))
    database.execute("UPDATE log SET head = ?", (seq,))
    database.commit()
    database.close()


def waiting(process):
    """How long the process's threads have been ready to run without a processor, in seconds (schedstat of proc(5))."""
    files = glob.glob(f"/proc/{process.pid}/task/*/schedstat")
    try:
        return max(int(open(file).read().split()[1]) for file in files) / 1e9
    except (OSError, ValueError):
        return 0


def measure(*options):
    """Time by the clock, of it without a free processor, processor time of the program and of the kernel, and what was printed."""
    began, before, waited = time.monotonic(), os.times(), 0
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [julesd, "rules", "test", "--days", "31", *options, *rules, "--config", "/dev/null", "--set", f"DATA_DIR={work}",
             "--set", "JULES_API_BASE=http://127.0.0.1:9", "--set", "PORT=off"], stdout=output)
        while process.poll() is None:
            waited = max(waited, waiting(process))
            time.sleep(0.01)
        took, after = time.monotonic() - began, os.times()
        if process.returncode:
            sys.exit(process.returncode)
        output.seek(0)
        return took, waited, after.children_user - before.children_user, after.children_system - before.children_system, output.read()


try:
    daemon = Daemon(Simulator(), PERSIST=1, DATA_DIR=work)
    daemon.stop()
    fill(f"{work}/sessions.sqlite")
    folder = f"{root}/docs/examples/rules.d"
    rules = [f"{folder}/{name}" for name in sorted(os.listdir(folder))]
    print(f"store: {os.path.getsize(f'{work}/sessions.sqlite') / 1e6:.0f} MB")
    for options in ((), ("--json",)):
        runs = [measure(*options) for _ in range(arguments.runs)]
        took, waited, user, system = (sorted(run[part] for run in runs) for part in range(4))
        middle = arguments.runs // 2
        print(f"rules test {' '.join(options)}: {took[0]:.2f} to {took[-1]:.2f} s by the clock, median {took[middle]:.2f}, of it "
              f"{waited[middle]:.2f} without a free processor; user {user[middle]:.2f} s, system {system[middle]:.2f} s")
    print(measure()[4].split("\n\n")[-1])
finally:
    programs.stop_all()
    shutil.rmtree(work)
