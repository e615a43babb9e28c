#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what tools that poll one account cost upstream, directly and through julesd's mirror: the table of docs/mirror.md.

usage: mirror.py [SECONDS]      (default 60)      BIN names another folder than .build/release

Each tool asks every 5 s, at a moment of its own, for one session that is at work. Settings are the defaults but for RATE_LIMIT, since
all tools come from one address here.
"""
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

here = os.path.dirname(os.path.realpath(__file__))
bin_folder = os.environ.get("BIN", os.path.join(os.path.dirname(here), ".build/release"))
seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
TOKEN, KEY = "a-token-for-measurements", "a-key-for-measurements"
EVERY = 5
KINDS = {
    "`sessions.list`": ["sessions"],
    "`sessions.get`": ["sessions/{id}"],
    "`activities.list`": ["sessions/{id}/activities"],
    "all three": ["sessions", "sessions/{id}", "sessions/{id}/activities"],
}
programs = []


def start(name, pattern, *arguments, **environment):
    """A program and the first match of `pattern` in its output."""
    log = tempfile.NamedTemporaryFile(prefix=f"{name}-", suffix=".log")
    program = subprocess.Popen([f"{bin_folder}/{name}", *arguments], stdout=log, stderr=subprocess.STDOUT,
                               env={"PATH": os.environ["PATH"], **environment})
    programs.append(program)
    for _ in range(3000):
        with open(log.name, errors="replace") as file:
            if found := re.search(pattern, file.read()):
                return found[1]
        if program.poll() is not None:
            break
        time.sleep(0.01)
    sys.exit(f"{name}: no {pattern} in\n{open(log.name).read()[-2000:]}")


def ask(url, key, body=None):
    request = urllib.request.Request(url, data=body and json.dumps(body).encode(), headers={
        "X-Goog-Api-Key": key, "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Case:
    """One account with so many tools of one kind; `through` julesd or not."""

    def __init__(self, kind, tools, through):
        self.tools, self.answers, self.failures = tools, 0, 0
        self.api = start("jules-simulator", r"(http://\S+/v1alpha)", "--port", "0", "--speed", "0", "--sessions", "30", "--active", "0",
                         "--key", KEY, "--set", "activitiesDelay=0s")
        self.control = self.api.removesuffix("/v1alpha") + "/simulator"
        self.id = ask(f"{self.control}/sessions", KEY, {"state": "IN_PROGRESS"})["ids"][0]
        self.paths = [path.format(id=self.id) for path in KINDS[kind]] if kind else []
        self.base, self.key = self.api, KEY
        if through:
            with socket.socket() as listener:
                listener.bind(("127.0.0.1", 0))
                port = listener.getsockname()[1]
            start("julesd", r"(the account has been read)", JULES_API_KEY=KEY, JULES_API_BASE=self.api, LOCAL_TOKEN=TOKEN,
                  PORT=str(port), RATE_LIMIT="0", LOG_FORMAT="text")
            self.base, self.key = f"http://127.0.0.1:{port}/v1alpha", TOKEN

    def requests(self):
        return ask(f"{self.control}", KEY)["requests"]["total"]

    def run(self, end):
        for number in range(self.tools):
            threading.Thread(target=self.tool, args=(number, end), daemon=True).start()

    def tool(self, number, end):
        time.sleep(EVERY * number / self.tools)
        while time.monotonic() < end:
            began = time.monotonic()
            for path in self.paths:
                try:
                    ask(f"{self.base}/{path}", self.key)
                    self.answers += 1
                except OSError:
                    self.failures += 1
            time.sleep(max(0, EVERY - (time.monotonic() - began)))


try:
    counts = [(1, False), (20, False), (1, True), (20, True)]
    cases = {(kind, *count): Case(kind, *count) for kind in KINDS for count in counts}
    alone = Case(None, 0, True)
    # The first minute's readings are over before anything is counted.
    warm = 20
    end = time.monotonic() + warm + seconds + 5
    for case in cases.values():
        case.run(end)
    time.sleep(warm)
    everything = [*cases.values(), alone]
    before = [case.requests() for case in everything]
    time.sleep(seconds)
    after = [case.requests() for case in everything]
    for case, was, now in zip(everything, before, after):
        case.rate = (now - was) * 60 / seconds
    print(f"requests a minute at the API, over {seconds} s; julesd without tools: {alone.rate:.0f}")
    print("| each tool polls | 1 tool, directly | 20 tools, directly | 1 tool, through julesd | 20 tools, through julesd |")
    print("|---|---|---|---|---|")
    for kind in KINDS:
        print(f"| {kind} | " + " | ".join(f"{cases[kind, *count].rate:.0f}" for count in counts) + " |")
    failures = sum(case.failures for case in everything)
    if failures:
        sys.exit(f"{failures} requests of tools failed")
finally:
    for program in reversed(programs):
        program.terminate()
    for program in programs:
        program.wait(15)
