# SPDX-License-Identifier: Apache-2.0
"""The Unix socket: the kernel identifies the peer, so there is no token, no allow list and no limit."""
import json
import os
import signal
import subprocess

from programs import Daemon, Simulator
from wire import Server


def run(checks):
    simulator = Simulator()
    simulator.add(state="IN_PROGRESS")
    path = f"/tmp/julesd-clients-{os.getpid()}.sock"
    daemon = Daemon(simulator, UNIX_SOCKET=path, ALLOWLIST="10.0.0.0/8", RATE_LIMIT=2)
    server = Server(path=path, name="localhost")
    checks.status("on TCP loopback is refused here", daemon.server.get("/api/sessions"), 403, "forbidden")
    for _ in range(5):
        answer = server.get("/api/sessions")
        checks.status("on the Unix socket there is no token, list or limit", answer, 200)
    checks.equal("there is no RateLimit field", answer.header("ratelimit"), None, answer)
    socket = server.web_socket(token=False)
    checks.equal("a WebSocket works", (socket.status, (socket.next() or {}).get("type")), (101, "hello"))
    socket.close()
    stream = server.events("/api/events")
    checks.equal("an event stream works", stream.next()["event"], "hello")
    stream.close()
    answer = subprocess.run(["curl", "-sS", "--unix-socket", path, "http://localhost/api/sessions"], capture_output=True)
    checks.that("curl reads it", answer.returncode == 0 and json.loads(answer.stdout)["sessions"], answer)
    checks.equal("its mode keeps other users out", os.stat(path).st_mode & 0o007, 0, oct(os.stat(path).st_mode))
    daemon.stop()
    checks.that("the socket is removed with the daemon", not os.path.exists(path))
    daemon = Daemon(simulator, UNIX_SOCKET=path)
    checks.status("without a token on TCP: 401", daemon.server.get("/api/sessions", token=False), 401, "unauthorized")
    daemon.stop(signal.SIGKILL)
    daemon = Daemon(simulator, UNIX_SOCKET=path)
    checks.status("a socket left behind by kill -9 is replaced", server.get("/api/sessions"), 200)
    daemon.stop()
