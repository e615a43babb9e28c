# SPDX-License-Identifier: Apache-2.0
"""The programs under test and their helpers. Each one is ended by its process id."""
import json
import os
import signal
import socket
import subprocess
import tempfile

from checks import until
from wire import Server

TOKEN = "clients-token-0123456789"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Program:
    """A process whose output goes to a file."""

    def __init__(self, arguments, environment=None, name=None, **options):
        self.name = name or os.path.basename(arguments[0])
        self.log = tempfile.NamedTemporaryFile("w", prefix=f"{self.name}-", suffix=".log")
        clean = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH", "LANG") if key in os.environ}
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
            env={**clean, "HOME": tempfile.gettempdir(), **(environment or {})}, **options)
        running.append(self)

    @property
    def output(self):
        with open(self.log.name, errors="replace") as log:
            return log.read()

    def lines(self):
        return self.output.splitlines()

    def wait_for(self, condition, what, seconds=30):
        value = until(lambda: condition() or self.process.poll() is not None, seconds)
        if value is True and condition() or value and self.process.poll() is None:
            return condition()
        raise RuntimeError(f"{self.name}: no {what}\n{self.output[-3000:]}")

    def stop(self, order=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(order)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self in running:
            running.remove(self)
        return self.process.returncode


running = []


def stop_all():
    for program in reversed(running[:]):
        program.stop()


class Simulator(Program):
    """The simulator of the Jules API. Its time moves only when a test moves it."""

    binary = None

    def __init__(self, *arguments):
        super().__init__([self.binary, "--port", "0", "--speed", "0", "--sessions", "0", "--active", "0", *arguments])
        line = self.wait_for(lambda: next((text for text in self.lines() if "http://" in text), None), "address")
        self.base = line[line.index("http://"):].split()[0]
        self.server = Server(int(self.base.split(":")[2].split("/")[0]))

    def control(self, path, body=None):
        answer = self.server.ask("POST" if body is not None else "GET", f"/simulator{path}", body)
        if answer.status >= 300:
            raise RuntimeError(str(answer))
        return answer.json

    def add(self, **members):
        """Creates a session and returns its id."""
        return self.control("/sessions", members)["ids"][0]

    def command(self, session, action, **members):
        return self.control(f"/sessions/{session}", {"action": action, **members})

    def fault(self, **members):
        return self.control("/faults", members)

    def mend(self):
        self.server.ask("DELETE", "/simulator/faults")


class Daemon(Program):
    """julesd with settings for tests: no rate limit, fast polls and its own folder."""

    binary = None

    def __init__(self, simulator, *arguments, ready=True, token=TOKEN, **settings):
        self.folder = settings.get("DATA_DIR") or tempfile.mkdtemp(prefix="julesd-clients-")
        environment = {
            "JULES_API_KEY": "any", "JULES_API_BASE": simulator.base, "PORT": "0", "RATE_LIMIT": "0",
            "POLL_INTERVAL": "100ms", "UPSTREAM_BUDGET": "100000", "LOG_FORMAT": "json", "DATA_DIR": self.folder,
            **({"LOCAL_TOKEN": token} if token else {}), **{key: str(value) for key, value in settings.items()}}
        super().__init__([self.binary, *arguments], environment, cwd=self.folder)
        self.token = token
        started = self.wait_for(lambda: self.entry("server_started", "port"), "listener")
        self.port = started["port"]
        self.server = Server(self.port, token=token)
        if ready:
            self.wait_for(lambda: self.entry("ready"), "readiness")

    def told(self, message):
        """The log entries of an event. Waits for the first one, because the log is written after the answers."""
        until(lambda: self.entries(message))
        return self.entries(message)

    def entries(self, message):
        found = []
        for line in self.lines():
            if f'"{message}"' in line:
                try:
                    found.append(json.loads(line))
                except ValueError:
                    pass
        return found

    def entry(self, message, field="msg"):
        return next((entry for entry in self.entries(message) if field in entry), None)

    def sessions(self, query=""):
        return self.server.get(f"/api/sessions{query}").json["sessions"]

    def deltas(self, since, wait=0):
        """All deltas after `since`, page by page."""
        found = []
        while True:
            page = self.server.get(f"/api/deltas?since={since}&limit=50&wait={wait}", timeout=60).json
            found += page["deltas"]
            since = page["nextSince"]
            if since >= page["seq"]:
                return found

    @property
    def head(self):
        return self.server.get("/api/sessions?limit=1").json["seq"]

    def await_delta(self, since, test, seconds=20):
        """The first delta after `since` for which `test` is true."""
        return until(lambda: next((delta for delta in self.deltas(since) if test(delta)), None), seconds)
