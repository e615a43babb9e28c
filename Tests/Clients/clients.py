# SPDX-License-Identifier: Apache-2.0
"""The clients in docs/clients, with a daemon that is killed, restarted and replaced."""
import re
import shutil
import signal
import sys

from browser import WatchPage
from checks import until
from programs import TOKEN, Daemon, Program, Simulator, free_port

folder = None  # docs/clients
LINE = re.compile(r"(\d+) (created|updated|deleted) (\d+)\b")


class Watcher(Program):
    """A client in a terminal."""

    def __init__(self, *command):
        super().__init__(list(command), {"LOCAL_TOKEN": TOKEN})


def seen(client):
    return [(int(m[1]), m[2], m[3]) for m in map(LINE.match, client.lines()) if m]


def run(checks):
    simulator = Simulator()
    ids = [simulator.add(state="IN_PROGRESS", title=f"Größe {n}\n\"quoted\" second line") for n in range(4)]
    port = free_port()
    settings = {"PORT": port, "PERSIST": 1, "CORS_ORIGIN": WatchPage.origin()}
    daemon = Daemon(simulator, **settings)
    until(lambda: len(daemon.sessions()) == 4)
    start = daemon.head
    base = f"http://127.0.0.1:{port}"
    clients = {
        "watch.sh": Watcher("bash", f"{folder}/watch.sh", base),
        "watch.py": Watcher(sys.executable, f"{folder}/watch.py", f"ws://127.0.0.1:{port}/ws"),
        "watch.mjs": Watcher("node", f"{folder}/watch.mjs", base),
        "watch.html": WatchPage(f"{folder}/watch.html", base, TOKEN),
    }
    for name, client in clients.items():
        checks.that(f"{name} connects", until(lambda: any("connected" in line for line in client.lines())), *client.lines())

    def compare(when, since):
        # A change must be in the log before the clients can be compared with the log.
        states = {item["id"]: item["state"] for item in simulator.control("/sessions")["sessions"]}
        until(lambda: {s["id"]: s["state"] for s in daemon.sessions("?archived=all")} == states)
        deltas = [(d["seq"], d["changeType"], d["id"]) for d in daemon.deltas(since)]
        checks.that(f"something changed {when}", deltas)
        for name, client in clients.items():
            got = lambda: [delta for delta in seen(client) if delta[0] > since]
            until(lambda: len(got()) >= len(deltas))
            checks.equal(f"{name} got every delta once and in order {when}", got(), deltas, *client.lines()[-20:])
        return deltas

    def churn(label):
        for n, session in enumerate(ids):
            simulator.command(session, "state", state=f"{label}_{n}")
        ids.append(simulator.add(state="QUEUED", title=label))

    churn("LIVE")
    compare("while all is well", start)

    daemon.stop(signal.SIGKILL)
    churn("DOWN")
    daemon = Daemon(simulator, DATA_DIR=daemon.folder, **settings)
    churn("BACK")
    compare("over kill -9", start)

    for client in clients.values():
        if isinstance(client, Watcher):
            client.process.send_signal(signal.SIGSTOP)
    daemon.stop()
    churn("STOPPED")
    daemon = Daemon(simulator, DATA_DIR=daemon.folder, **settings)
    churn("AWAKE")
    for client in clients.values():
        if isinstance(client, Watcher):
            client.process.send_signal(signal.SIGCONT)
    compare("over an orderly restart while the client slept", start)

    daemon.stop()
    shutil.rmtree(daemon.folder)
    daemon = Daemon(simulator, **settings)
    until(lambda: len(daemon.sessions()) == len(ids))
    fresh = daemon.head
    for name, client in clients.items():
        checks.that(f"{name} reports that changes are lost",
                    until(lambda: any("are gone" in line for line in client.lines())), *client.lines()[-5:])
        checks.that(f"{name} reads the sessions again",
                    until(lambda: all(any(re.match(rf"session {i}\b", line) for line in client.lines()) for i in ids)),
                    *client.lines()[-15:])
        checks.that(f"{name} continues in the new epoch",
                    until(lambda: any(line.startswith(f"connected, seq {fresh}") for line in client.lines())),
                    fresh, *client.lines()[-15:])
    churn("NEW")
    deltas = compare("in a new store", fresh)
    checks.equal("seq grows by one", [d[0] for d in deltas], list(range(fresh + 1, fresh + 1 + len(deltas))))
    for name, client in clients.items():
        checks.that(f"{name} is still running", client.process.poll() is None, client.output[-2000:])
        client.stop()
