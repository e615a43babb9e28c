#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long clients wait for a change while a large store is backed up.

usage: backup.py [--megabytes N] [--deltas N] JULESD

A store of that size, an account of 100 sessions in which so many deltas a second arise, and three followers. A change's delay is
the time from the account's answer to the follower's read of it. Beside it a probe writes 4 kB and calls fsync(2) all the time.
"""
import argparse
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True  # Leaves the checkout as it was.
root = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path += [f"{root}/Tests/Clients", f"{root}/Tests/Crash"]

from checks import until
from upstream import Upstream
from wire import Server
from witness import Follower

parser = argparse.ArgumentParser(usage=__doc__)
parser.add_argument("julesd")
parser.add_argument("--megabytes", type=int, default=1000)
parser.add_argument("--deltas", type=int, default=500)
arguments = parser.parse_args()
julesd = os.path.realpath(arguments.julesd)
work = tempfile.mkdtemp(prefix="julesd-backup-", dir=".")
with socket.socket() as listener:
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]


class Clocked(Upstream):
    """Notes when each turn was answered."""
    answered = {}

    def move(self):
        before = self.turn
        super().move()
        self.answered.update(dict.fromkeys(range(before, self.turn), time.monotonic()))


class Timer(Follower):
    """Notes how late each change is."""

    def take(self, message):
        now = time.monotonic()
        for delta in message.get("delta", []):
            turn = delta["after"]["title"].removeprefix("Turn ")
            if turn.isdigit():
                self.delays.append((now, now - account.answered[int(turn)]))
        super().take(message)


Timer.delays = []
account = Clocked(sessions=100, changes=arguments.deltas // 10)
environment = {"PATH": os.environ["PATH"], "JULES_API_KEY": "any", "JULES_API_BASE": account.base, "PORT": str(port),
               "LOCAL_TOKEN": "backup-token-0123456789", "RATE_LIMIT": "0", "POLL_INTERVAL": "100ms",
               "UPSTREAM_BUDGET": "100000", "LOG_FORMAT": "json", "PERSIST": "1", "DATA_DIR": f"{work}/data",
               "READINESS": "listening"}
server = Server(port, token=environment["LOCAL_TOKEN"])
log = open(f"{work}/log", "w")


def start():
    process = subprocess.Popen([julesd, "--config", "/dev/null"], env=environment, stdout=log, stderr=subprocess.STDOUT)
    if not until(lambda: "has been read" in open(f"{work}/log").read() and serves(), 120):
        sys.exit(open(f"{work}/log").read())
    return process


def serves():
    try:
        return server.get("/healthz").status == 200
    except OSError:
        return False


def stop(process):
    process.send_signal(signal.SIGTERM)
    return process.wait(60)


fsyncs, probing = [], threading.Event()


def probe():
    descriptor = os.open(f"{work}/probe", os.O_WRONLY | os.O_CREAT)
    while not probing.is_set():
        os.pwrite(descriptor, os.urandom(4096), 0)
        began = time.monotonic()
        os.fsync(descriptor)
        fsyncs.append((began, time.monotonic() - began))
        time.sleep(0.02)
    os.close(descriptor)


def show(name, begin, end):
    delays = sorted(delay for at, delay in Timer.delays if begin <= at < end)
    syncs = sorted(took for at, took in fsyncs if begin <= at < end)
    part = lambda values, share: values[min(len(values) - 1, int(len(values) * share))] * 1000 if values else float("nan")
    print(f"{name}: {end - begin:.1f} s, {len(delays) / 3 / (end - begin):.0f} deltas/s, delay of a change "
          f"p50 {part(delays, .5):.0f} p99 {part(delays, .99):.0f} max {part(delays, 1):.0f} ms; "
          f"fsync p50 {part(syncs, .5):.1f} p99 {part(syncs, .99):.1f} max {part(syncs, 1):.0f} ms", flush=True)


try:
    stop(start())
    database = sqlite3.connect(f"{work}/data/sessions.sqlite")
    body, now = b'{"id":"%d","createTime":"2026-11-20T09:00:00Z","x":"' + b"x" * 900 + b'"}', int(time.time() * 1e9)
    rows = ((f"{n % 5000}", f"{n}", now + n, "other", body % n) for n in range(arguments.megabytes * 1000))
    database.executemany("INSERT INTO activity (session, id, created, kind, body) VALUES (?, ?, ?, ?, ?)", rows)
    database.commit()
    database.close()
    print(f"store: {os.path.getsize(f'{work}/data/sessions.sqlite') / 1e6:.0f} MB", flush=True)
    began = time.monotonic()
    daemon = start()
    print(f"start, with the check of the file: {time.monotonic() - began:.1f} s", flush=True)
    followers = [Timer(server, f"{n}") for n in range(3)]
    until(lambda: all(follower.epoch for follower in followers))
    account.moving = True
    threading.Thread(target=probe, daemon=True).start()
    time.sleep(3)
    quiet = time.monotonic()
    time.sleep(20)
    begin = time.monotonic()
    done = subprocess.run([julesd, "backup", f"{work}/copy.sqlite", "--config", "/dev/null"], env=environment)
    end = time.monotonic()
    time.sleep(1)
    show("without a backup", quiet, begin)
    show("during the backup", begin, end)
    probing.set()
    print(f"backup: exit status {done.returncode}, {os.path.getsize(f'{work}/copy.sqlite') / 1e6:.0f} MB; "
          f"faults {[follower.faults for follower in followers]}; daemon's exit status {stop(daemon)}")
finally:
    shutil.rmtree(work)
