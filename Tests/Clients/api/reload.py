# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: settings change while clients stay connected."""
import signal
import tempfile

from checks import until
from programs import Daemon, Simulator

OLD, NEW = "old-token-0123456789", "new-token-0123456789"


def run(checks):
    simulator = Simulator()
    simulator.add(state="IN_PROGRESS")
    file = tempfile.NamedTemporaryFile("w", suffix=".conf")

    def write(*lines):
        file.seek(0), file.truncate()
        file.write("\n".join(lines) + "\n")
        file.flush()

    write(f"LOCAL_TOKEN={OLD}")
    daemon = Daemon(simulator, "--config", file.name, token=None)

    def reload(message="reload_done"):
        count = len(daemon.entries(message))
        daemon.process.send_signal(signal.SIGHUP)
        return checks.that(f"the log contains {message}", until(lambda: len(daemon.entries(message)) > count), daemon.output[-1500:])

    def status(token):
        return daemon.server.get("/api/sessions", token=token).status

    socket = daemon.server.web_socket(token=OLD)
    socket.next()
    checks.equal("before the reload only the old token works", (status(OLD), status(NEW)), (200, 401))
    write(f"LOCAL_TOKEN={NEW}", f"LOCAL_TOKEN_PREVIOUS={OLD}")
    reload()
    checks.equal("during the change both tokens work", (status(OLD), status(NEW)), (200, 200))
    write(f"LOCAL_TOKEN={NEW}")
    reload()
    checks.equal("afterwards the old token is refused", (status(OLD), status(NEW)), (401, 200))
    socket.send(1, '{"type":"ping"}')
    checks.equal("a client that is connected stays", socket.next(), {"type": "pong"})
    write(f"LOCAL_TOKEN={NEW}", "MAX_CONNECTIONS=many", "ALLOWLST=10.0.0.0/8")
    reload("reload_refused")
    checks.equal("a faulty file changes nothing", (status(NEW), status(OLD)), (200, 401))
    checks.that("all faults of the file are reported", "MAX_CONNECTIONS" in daemon.output and "ALLOWLIST" in daemon.output, daemon.output[-2000:])
    write(f"LOCAL_TOKEN={NEW}", "ALLOWLIST=10.0.0.0/8", "CORS_ORIGIN=https://new.example.com")
    reload()
    checks.equal("a reload changes the allow list", daemon.server.get("/api/sessions", token=NEW).status, 403)
    write(f"LOCAL_TOKEN={NEW}", "CORS_ORIGIN=https://new.example.com")
    reload()
    answer = daemon.server.get("/api/sessions", token=NEW, headers={"Origin": "https://new.example.com"})
    checks.equal("a reload changes the origins", answer.header("access-control-allow-origin"), "https://new.example.com", answer)
    checks.that("no secret is in the log", OLD not in daemon.output and NEW not in daemon.output)
    socket.close()
    daemon.stop()
