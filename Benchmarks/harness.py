# SPDX-License-Identifier: Apache-2.0
"""Programs under measurement: started, watched and ended."""
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

TOKEN = "a-token-for-measurements"
HERE = os.path.dirname(os.path.realpath(__file__))
# On the disk, unlike /tmp on many machines, and open to the user that the server runs as.
DISK = "/var/tmp"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(holds, what, within=300):
    """Waits until `holds()` is true, and answers what it said."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if answer := holds():
            return answer
        time.sleep(0.005)
    sys.exit(f"{what}: not within {within} s")


def threads_of(process):
    try:
        return [f"/proc/{process}/task/{thread}" for thread in os.listdir(f"/proc/{process}/task")]
    except FileNotFoundError:
        return []


def children_of(process):
    return [int(word) for thread in threads_of(process) for word in open(f"{thread}/children").read().split()]


def cpu_of(process):
    """Milliseconds of processor time of all threads so far."""
    return sum(int(open(f"{thread}/schedstat").read().split()[0]) for thread in threads_of(process)) / 1e6


class Program:
    """A child whose output is kept as it comes, and that is ended at the latest with the run."""

    running = []

    def __init__(self, command, **environment):
        self.log = tempfile.NamedTemporaryFile(prefix=os.path.basename(command[0]) + "-", suffix=".log")
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=self.log, stderr=subprocess.STDOUT, preexec_fn=raise_limit,
            env={"PATH": os.environ["PATH"], **environment})
        Program.running.append(self)

    def output(self):
        with open(self.log.name, errors="replace") as file:
            return file.read()

    def line(self, pattern, within=300):
        """The first match in the output, as soon as it is there."""
        def look():
            has_ended = self.process.poll() is not None
            if found := re.search(pattern, self.output()):
                return found
            if has_ended:
                sys.exit(f"{self.process.args[0]} has ended:\n{self.output()[-2000:]}")
        return until(look, f"{self.process.args[0]}: {pattern}", within)

    @property
    def pids(self):
        """The process and its children, such as a master and its workers."""
        return ",".join(map(str, [self.process.pid, *children_of(self.process.pid)]))

    def cpu(self):
        """Milliseconds of processor time of all threads so far."""
        return cpu_of(self.process.pid)

    def memory(self, field="RssAnon"):
        """Megabytes, as /proc/PID/status has them."""
        return int(re.search(rf"^{field}:\s+(\d+)", open(f"/proc/{self.process.pid}/status").read(), re.M)[1]) / 1024

    def stop(self):
        self.process.stdin.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self in Program.running:
            Program.running.remove(self)

    @classmethod
    def stop_all(cls):
        for program in list(cls.running):
            program.stop()


def raise_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))


class Bench:
    """Where the built programs are, and how much is to be measured."""

    def __init__(self, julesd, tools, rounds, short):
        self.julesd, self.tools, self.rounds, self.short = julesd, tools, rounds, short
        self.results = {}
        # The same account is the same in all parts of a run.
        self.time = int(time.time())
        self.work = tempfile.mkdtemp(prefix="julesd-bench-", dir=tools)

    def tool(self, name, *arguments):
        """What a load generator answers."""
        done = subprocess.run(
            [f"{self.tools}/{name}", *map(str, arguments)], stdout=subprocess.PIPE, text=True, preexec_fn=raise_limit)
        if done.returncode != 0:
            sys.exit(f"{name} {' '.join(map(str, arguments))}: exit status {done.returncode}")
        return json.loads(done.stdout.splitlines()[-1])

    def fanout(self, server, **options):
        """Messages that are published, one after the other."""
        return self.tool("fanout", *fanout_options(server, **options), *server.publish_options)

    def listen(self, server, cause, **options):
        """Messages that `cause()` brings about once all clients are there."""
        client = Program([f"{self.tools}/fanout", *fanout_options(server, **options)])
        client.line("connected")
        cause()
        found = client.line(r"(?m)^{.*}$")
        client.stop()
        return json.loads(found[0])

    def folder(self, name):
        path = os.path.join(self.work, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    def close(self):
        Program.stop_all()
        shutil.rmtree(self.work, ignore_errors=True)


def fanout_options(server, **options):
    words = ["--port", server.port, "--pids", server.pids, *server.client_options]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", value]
    return words


class FakeJules:
    """An account in which nothing happens but what is asked for."""

    def __init__(self, bench, **options):
        self.newest = options.get("sessions", 100) - 1
        options.setdefault("time", bench.time)
        self.program = Program([f"{bench.tools}/fake-jules", *(w for n, v in options.items() for w in (f"--{n}", v))])
        self.base = self.program.line(r"http://\S+")[0]
        self.root = self.base.removesuffix("/v1alpha")

    def control(self, path):
        return json.load(urllib.request.urlopen(f"{self.root}/control/{path}", timeout=60))

    def requests(self):
        return self.control("requests")

    def changes(self, count):
        """From now on each answer with the newest page shows so many sessions changed."""
        self.control(f"changes/{count}")

    def stop(self):
        self.program.stop()


class PostgreSQL:
    """A server of its own on a Unix socket that keeps what it has committed, as it does unless told otherwise."""

    def __init__(self):
        self.program = Program(
            [f"{HERE}/../Tests/TestSupport/postgresql-server", "fsync=on", "max_connections=100"], TMPDIR=DISK)
        self.folder = self.program.line(r"(?m)^/.*$")[0]
        with open(f"{self.folder}/data/postmaster.pid") as file:
            self.process = int(file.readline())

    def run(self, sql, database="postgres"):
        """Runs each statement by itself, and answers the rows as text."""
        done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "julesd", database],
                              input=sql, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def uri(self, database):
        return f"postgresql:///{database}?host={self.folder}&user=julesd"

    @property
    def pids(self):
        """The processes that stay: a worker comes and goes."""
        def stays(process):
            try:
                with open(f"/proc/{process}/cmdline", "rb") as file:
                    return b"worker" not in file.read()
            except FileNotFoundError:
                return False
        return [self.process, *filter(stays, children_of(self.process))]

    def cpu(self):
        return sum(map(cpu_of, self.pids))

    def stop(self):
        self.program.stop()


class Daemon:
    """julesd as it is shipped, in front of an account."""

    def __init__(self, bench, account, data, **settings):
        self.bench, self.account, self.data, self.port = bench, account, data, free_port()
        self.settings = {
            "JULES_API_BASE": account.base, "JULES_API_KEY": "any", "LOCAL_TOKEN": TOKEN, "PORT": str(self.port), "RATE_LIMIT": "0",
            "LOG_FORMAT": "json", "UPSTREAM_BUDGET": "100000", "PERSIST": "1", "DATA_DIR": data, "MAX_CONNECTIONS": "10000", **settings}
        self.start()

    def start(self):
        self.program = Program([f"{self.bench.julesd}/julesd", "--config", "/dev/null"], **self.settings)
        self.program.line('"msg":"ready"')

    def stop(self):
        self.program.stop()

    def read_account(self):
        self.program.line("the account has been read")
        return self

    @property
    def pids(self):
        return self.program.pids

    @property
    def client_options(self):
        return ["--hello", "--header", f"Authorization: Bearer {TOKEN}"]

    @property
    def publish_options(self):
        """A change is made by its user: Jules archives a session, says so, and everybody is told once the disk has it."""
        newest = f"/api/sessions/1{self.account.newest:019}"
        return ["--publish-header", f"Authorization: Bearer {TOKEN}", "--publish", f"{newest}/archive,{newest}/unarchive"]

    def get(self, path):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
        return urllib.request.urlopen(request, timeout=60).read()

    def head(self):
        return json.loads(self.get("/api/status"))["seq"]

    def settle(self):
        """Waits until nothing is under way any more."""
        before = self.program.cpu()
        def is_quiet():
            nonlocal before
            time.sleep(0.3)
            was, before = before, self.program.cpu()
            return before - was < 3
        until(is_quiet, "quiet")
