#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the built daemon against the simulator and prints one line for each figure of docs/performance.md.

usage: measure.py FIGURE…      start, memory, baseline, idle, requests, fanout, replay, size, shares; all of them without an argument

Everything runs on loopback and ends by itself. `wrk` (Debian) makes the requests. BIN names another folder than .build/release.
"""
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

here = os.path.dirname(os.path.realpath(__file__))
bin_folder = os.environ.get("BIN", os.path.join(os.path.dirname(here), ".build/release"))
token = "a-token-for-measurements"


class Program:
    """A child whose output is kept as it comes, and that is ended at the latest with this script."""

    running = []

    def __init__(self, name, arguments=(), **environment):
        self.log = tempfile.NamedTemporaryFile(prefix=f"{name}-", suffix=".log")
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [os.path.join(bin_folder, name), *arguments], stdout=self.log, stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], **environment})
        Program.running.append(self)

    def line(self, pattern, within=600):
        """The first match in the output, as soon as it is there."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            with open(self.log.name, errors="replace") as file:
                if found := re.search(pattern, file.read()):
                    return found
            if self.process.poll() is not None:
                break
            time.sleep(0.002)
        sys.exit(f"{self.process.args[0]}: no {pattern} in\n{open(self.log.name).read()[-2000:]}")

    def status(self, *names):
        """Kilobytes of /proc/PID/status."""
        text = open(f"/proc/{self.process.pid}/status").read()
        return [int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1]) for name in names]

    def cpu(self):
        """Seconds of user and system time so far."""
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        Program.running.remove(self)


class Setup:
    """A simulator and a daemon in front of it."""

    def __init__(self, sessions=1000, active=50, speed=20, arrivals=0, **settings):
        self.simulator = Program("jules-simulator", [
            "--port", "0", "--sessions", str(sessions), "--active", str(active), "--speed", str(speed),
            "--arrivals", str(arrivals)])
        base = self.simulator.line(r"http://\S+")[0]
        self.control = base.removesuffix("/v1alpha") + "/simulator"
        self.folder = tempfile.TemporaryDirectory()
        environment = {
            "JULES_API_BASE": base, "JULES_API_KEY": "any", "LOCAL_TOKEN": token, "PORT": "0", "RATE_LIMIT": "0", "LOG_FORMAT": "json",
            "UPSTREAM_BUDGET": "100000", "DATA_DIR": self.folder.name, **settings}
        self.daemon = Program("julesd", ["--config", "/dev/null"], **environment)
        self.port = int(self.daemon.line(r'"port":(\d+)')[1])

    def read(self):
        """Waits until the whole account has been read."""
        return self.daemon.line("the account has been read")

    def get(self, path):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {token}"})
        return urllib.request.urlopen(request, timeout=60).read()

    def tell(self, path, **body):
        request = urllib.request.Request(self.control + path, data=json.dumps(body).encode(), method="POST")
        return urllib.request.urlopen(request, timeout=60).read()

    def stop(self):
        self.daemon.stop()
        self.simulator.stop()
        self.folder.cleanup()


def say(name, value):
    print(f"{name:52} {value}", flush=True)


def median(values):
    return sorted(values)[len(values) // 2]


def start():
    answered, ready = [], []
    for _ in range(5):
        setup = Setup(sessions=20, active=0)
        while True:
            try:
                setup.get("/healthz")
                break
            except OSError:
                time.sleep(0.0005)
        answered.append((time.monotonic() - setup.daemon.began) * 1000)
        setup.daemon.line('"msg":"ready"')
        ready.append((time.monotonic() - setup.daemon.began) * 1000)
        setup.stop()
    say("exec to the first answer", f"{median(answered):.0f} ms (median of 5)")
    say("exec to ready", f"{median(ready):.0f} ms (median of 5)")


def memory():
    setup = Setup(sessions=1000, active=0)
    setup.read()
    time.sleep(2)
    rss, anonymous = setup.daemon.status("VmRSS", "RssAnon")
    say("memory with 1,000 sessions, PERSIST=0", f"{rss / 1024:.1f} MB resident, {anonymous / 1024:.1f} MB of it anonymous")
    setup.stop()
    setup = Setup(sessions=1000, active=0, PERSIST="1")
    setup.read()
    time.sleep(2)
    rss, anonymous = setup.daemon.status("VmRSS", "RssAnon")
    say("memory with 1,000 sessions, PERSIST=1", f"{rss / 1024:.1f} MB resident, {anonymous / 1024:.1f} MB of it anonymous")
    setup.stop()


def baseline():
    setup = Setup(sessions=10_000, active=0, PERSIST="1")
    setup.daemon.line("reading the whole account")
    began = time.monotonic()
    setup.read()
    say("baseline of 10,000 sessions, PERSIST=1", f"{time.monotonic() - began:.1f} s")
    time.sleep(2)
    before = setup.daemon.status("VmRSS")[0]
    for _ in range(20):
        setup.get("/api/sessions?limit=500")
    time.sleep(20)
    after = setup.daemon.status("VmRSS")[0]
    say("memory with 10,000 sessions, then 22 s and 10,000 reads later", f"{before / 1024:.1f} MB, {after / 1024:.1f} MB")
    say("size of the store with 10,000 sessions", f"{os.path.getsize(setup.folder.name + '/sessions.sqlite') / 1e6:.1f} MB")
    setup.stop()


def idle():
    setup = Setup(sessions=10_000, active=0, PERSIST="1")
    setup.read()
    time.sleep(30)
    before = setup.daemon.cpu()
    time.sleep(60)
    say("CPU of an idle minute, 10,000 sessions, nothing active", f"{(setup.daemon.cpu() - before) * 1000:.0f} ms")
    setup.stop()
    setup = Setup(sessions=1000, active=50, speed=0, POLL_INTERVAL="10ms")
    setup.read()
    before, polls = setup.daemon.cpu(), count(setup)
    time.sleep(10)
    spent, polls = setup.daemon.cpu() - before, count(setup) - polls
    say("CPU of one request for 100 unchanged sessions", f"{spent / polls * 1000:.2f} ms ({polls} requests)")
    setup.stop()


def count(setup, operation=""):
    """Requests to the API so far."""
    text = setup.get("/metrics").decode()
    return sum(float(value) for value in re.findall(rf"^julesd_upstream_requests_total\S*{operation}\S* (\S+)", text, re.M))


def requests():
    setup = Setup(sessions=1000, active=0)
    setup.read()
    for name, path in (("nothing to do", "/healthz"), ("100 sessions", "/api/sessions"), ("10 sessions", "/api/sessions?limit=10")):
        out = subprocess.run(
            ["wrk", "-t2", "-c64", "-d10s", "--latency", "-H", f"Authorization: Bearer {token}",
             f"http://127.0.0.1:{setup.port}{path}"], capture_output=True, text=True, check=True).stdout
        rate, p99 = re.search(r"Requests/sec:\s+(\S+)", out)[1], re.search(r"99%\s+(\S+)", out)[1]
        say(f"requests a second, {name}", f"{float(rate):,.0f} (p99 {p99})")
        if "Non-2xx" in out:
            sys.exit(out)
    rss, anonymous = setup.daemon.status("VmRSS", "RssAnon")
    say("memory after these requests", f"{rss / 1024:.1f} MB resident, {anonymous / 1024:.1f} MB of it anonymous")
    setup.stop()


def fanout():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for clients in (2000, 9000):
        if clients + 200 > hard:
            say(f"one change to {clients} clients", f"NOT MEASURED: ulimit -Hn is {hard}")
            continue
        setup = Setup(sessions=200, active=100, speed=60, POLL_INTERVAL="500ms")
        setup.read()
        before, cpu = setup.daemon.status("VmRSS")[0], setup.daemon.cpu()
        client = subprocess.Popen(
            [sys.executable, f"{here}/fanout.py", f"127.0.0.1:{setup.port}", token, str(clients), "20"],
            stdout=subprocess.PIPE, text=True)
        handshakes = client.stdout.readline().strip()
        connected, cpu = setup.daemon.status("VmRSS")[0], setup.daemon.cpu()
        out = client.stdout.read()
        status = client.wait()
        if status != 0:
            sys.exit(out)
        messages = int(re.search(r"(\d+) messages", out)[1])
        say(f"{clients} WebSocket clients", f"{handshakes}; {(connected - before) / clients:.1f} kB each")
        say(f"one change to {clients} clients, every client got every delta", re.sub(r"\s+", " ", out.strip()))
        say(f"CPU of one change to {clients} clients", f"{(setup.daemon.cpu() - cpu) / max(messages, 1) * 1000:.0f} ms")
        setup.stop()


def replay():
    setup = Setup(sessions=200, active=200, speed=600, arrivals=600, PERSIST="1", POLL_INTERVAL="100ms")
    setup.read()
    while json.loads(setup.get("/api/deltas?since=0&limit=1"))["seq"] - origin(setup) < 5000:
        time.sleep(0.5)
    setup.tell("/clock", speed=0)
    setup.tell("/arrivals", perMinute=0)
    time.sleep(2)
    head = json.loads(setup.get("/api/deltas"))["seq"]
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", setup.port)) as stream:
        stream.sendall(
            f"GET /api/events?since=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        stream.settimeout(60)
        received, text, last = 0, b"", 0
        while last < head:
            data = stream.recv(1 << 20)
            received += len(data)
            # A line may come in two pieces.
            text = text[-100:] + data
            ids = re.findall(rb"^id: (\d+)\n", text, re.M)
            last = int(ids[-1]) if ids else last
    took = time.monotonic() - began
    deltas = last - origin(setup)
    say("replay from the store", f"{deltas / took:,.0f} deltas/s, {received / took / 1e6:.0f} MB/s ({deltas} deltas)")
    setup.stop()


def origin(setup):
    """The seq below the log's first delta."""
    return json.loads(setup.get("/api/deltas?since=0&limit=1"))["nextSince"] - 1


def size():
    for name in ("julesd", "jules-simulator"):
        with tempfile.NamedTemporaryFile() as stripped:
            subprocess.run(["strip", "-o", stripped.name, os.path.join(bin_folder, name)], check=True)
            say(f"size of {name}, stripped", f"{os.path.getsize(stripped.name) / 1e6:.1f} MB")


def shares():
    setup = Setup(sessions=300, active=30, speed=0, UPSTREAM_BUDGET="100", POLL_INTERVAL="5s")
    setup.read()
    names = [session["id"] for session in json.loads(setup.get("/api/sessions?limit=30"))["sessions"]]
    followed = "&".join(f"session={name}" for name in names[:20])
    stream = socket.create_connection(("127.0.0.1", setup.port))
    stream.sendall(f"GET /api/events?activities=1&{followed} HTTP/1.1\r\nHost: localhost\r\n"
                   f"Authorization: Bearer {token}\r\n\r\n".encode())
    over = threading.Event()

    def read(path):
        while not over.wait(0.05):
            try:
                setup.get(path)
            except OSError:
                pass

    paths = [f"/api/sessions/{name}/activities" for name in names[20:23]] + [f"/api/sessions/{names[23]}?refresh=1"]
    for path in paths:
        threading.Thread(target=read, args=(path,), daemon=True).start()
    # The first minute spends what was saved up.
    time.sleep(65)
    before = [count(setup, operation) for operation in ("sessions.list", "sessions.activities.list", "")]
    time.sleep(120)
    lists, activities, all_ = (
        (count(setup, operation) - was) / 2
        for operation, was in zip(("sessions.list", "sessions.activities.list", ""), before))
    over.set()
    say("20 sessions followed, 3 read and 1 refreshed in a loop",
        f"{lists:.0f} polls a minute, {activities:.0f} readings of activities, {all_:.0f} requests in all")
    setup.stop()


figures = {f.__name__: f for f in (start, memory, baseline, idle, requests, fanout, replay, size, shares)}
try:
    for name in sys.argv[1:] or figures:
        if name not in figures:
            sys.exit(__doc__)
        figures[name]()
finally:
    for program in list(Program.running):
        program.stop()
