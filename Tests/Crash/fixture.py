# SPDX-License-Identifier: Apache-2.0
"""The daemon of a crash test with its account and its folder, and what all tests of one run share."""
import os
import random
import signal
import socket
import subprocess
import tempfile

import store
from checks import Checks, until
from upstream import Upstream
from wire import Server
from witness import Follower, Receiver

HERE = os.path.dirname(os.path.realpath(__file__))
TOKEN = "crash-test-token-0123456789"


class Trial:
    """One run: the program, the chance it takes its decisions by, and a folder for all that it makes."""

    def __init__(self, julesd, kills, seed):
        self.julesd, self.kills, self.seed = os.path.realpath(julesd), kills, seed
        self.chance = random.Random(seed)
        self.checks = Checks(verbose=True)
        self.work = tempfile.mkdtemp(prefix="julesd-crash-")
        self.fault_library, self.clock_library = self.library("fault"), self.library("clock")

    def library(self, name):
        """Builds a library that the daemon loads before all others."""
        path = f"{self.work}/{name}.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", path, f"{HERE}/{name}.c", "-ldl"], check=True)
        return path


class DaemonFixture:
    """One account, one folder, one port, and the daemons that run there one after the other."""

    def __init__(self, trial, name, webhook=False, answer=None, upstream=None, **options):
        self.checks, self.julesd = trial.checks, trial.julesd
        self.fault_library, self.clock_library = trial.fault_library, trial.clock_library
        self.upstream = upstream or Upstream(**options)
        self.receiver = Receiver(answer) if webhook else None
        self.folder = f"{trial.work}/{name}"
        os.mkdir(self.folder)
        self.log = open(f"{trial.work}/{name}.log", "w")
        self.switch = f"{trial.work}/{name}.switch"
        self.spoil("")
        self.shift = f"{trial.work}/{name}.shift"
        self.set_clock(0)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.server = Server(self.port, token=TOKEN)
        self.process = None
        self.settings = {}

    def environment(self, **more):
        if self.receiver:
            more["NOTIFY_WEBHOOK"] = self.receiver.url
        return {"PATH": os.environ["PATH"], "JULES_API_KEY": "any", "JULES_API_BASE": self.upstream.base,
                "LOCAL_TOKEN": TOKEN, "PORT": str(self.port), "RATE_LIMIT": "0", "POLL_INTERVAL": "20ms",
                "UPSTREAM_BUDGET": "100000", "LOG_FORMAT": "json", "PERSIST": "1", "DATA_DIR": self.folder,
                "READINESS": "listening", "SWIFT_BACKTRACE": "enable=yes,color=no,threads=crashed", **self.settings, **more}

    def start(self, spoilt=False):
        more = {"LD_PRELOAD": self.clock_library, "CLOCK_SHIFT": self.shift}
        if spoilt:
            more = {"LD_PRELOAD": self.fault_library, "FAULT_SWITCH": self.switch, "FAULT_FOLDER": f"{self.folder}/"}
        self.process = subprocess.Popen(
            [self.julesd, "--config", "/dev/null"], env=self.environment(**more), stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=subprocess.STDOUT)

    def serves(self):
        def asks():
            try:
                return self.server.get("/healthz", timeout=2).status == 200
            except OSError:
                return False
        return until(asks)

    def end(self, order=signal.SIGTERM):
        self.process.send_signal(order)
        return self.process.wait(30)

    def refuses(self):
        """Starts a daemon that must give up. Returns its exit status."""
        self.start()
        return self.process.wait(30)

    def verb(self, *words):
        return subprocess.run([self.julesd, *words, "--config", "/dev/null"], env=self.environment(), capture_output=True,
                              text=True, timeout=120)

    def spoil(self, how):
        with open(self.switch, "r+" if os.path.exists(self.switch) else "w") as switch:
            switch.write(how or "\0")

    def set_clock(self, seconds):
        """Sets the daemon's wall clock this many seconds off the right time."""
        with open(self.shift, "r+b" if os.path.exists(self.shift) else "wb") as shift:
            shift.write(seconds.to_bytes(8, "little", signed=True))

    def told(self, event):
        return sum(f'"msg":"{event}"' in line for line in open(self.log.name))

    def text(self):
        """The end of the log, and whether the daemon still runs."""
        status = self.process.poll() if self.process else None
        return open(self.log.name).read()[-3000:] + ("\nthe daemon runs" if status is None else f"\nthe daemon ended with {status}")

    def deliveries(self, state):
        return self.server.get(f"/api/deliveries?state={state}&limit=500").json["deliveries"]

    def begin(self, followers=1, spoilt=False, moving=True):
        """Starts a daemon that has read the account, its followers, and changes in the account."""
        self.start(spoilt)
        self.checks.that("the daemon starts", self.serves(), self.text())
        until(lambda: self.told("the account has been read"))
        # All receivers of changes are in this list. After every fault the changes that they have `seen` are compared
        # with the log.
        self.witnesses = [Follower(self.server, f"follower {number}") for number in range(followers)]
        until(lambda: all(witness.epoch for witness in self.witnesses))
        if self.receiver:
            self.receiver.begin(self.witnesses[0].epoch, self.witnesses[0].seq)
            self.witnesses.append(self.receiver)
        self.upstream.moving = moving

    def settle(self):
        """Stops the changes in the account and waits until everybody has caught up."""
        self.upstream.moving = False
        lists = self.upstream.lists
        until(lambda: self.upstream.lists > lists + 2)
        head = self.server.get("/api/sessions?limit=1").json["seq"]
        return until(lambda: all(witness.seq == head for witness in self.witnesses))

    def whole(self, when):
        """Checks that the log has no hole and holds every change that a witness saw, in the same form."""
        epoch, head, deltas = store.read(self.folder)
        good = not store.holes(head, deltas) and (not deltas or max(deltas) == head)
        lost = [seq for witness in self.witnesses if witness.epoch == epoch
                for seq, seen in list(witness.seen.items()) if deltas.get(seq) != seen]
        return (good and not lost) or not self.checks.that(f"{when}: all changes that were sent are in the log, without a hole", False,
                                                      f"holes {sorted(store.holes(head, deltas))[:5]} lost {lost[:5]}", self.text())

    def finish(self, epochs_kept=True):
        """Checks after the last fault that nothing is lost or repeated, and that the copy equals the account."""
        self.checks.that("everybody catches up", self.settle(), [(w.name, w.seq, w.epoch) for w in self.witnesses], self.text())
        self.whole("at the end")
        epoch, head, deltas = store.read(self.folder)
        for witness in self.witnesses:
            self.checks.equal(f"{witness.name} saw every change once and in order", witness.faults[:5], [])
            if epochs_kept:
                self.checks.equal(f"{witness.name} saw no gap", witness.gaps, 0)
            self.checks.equal(f"{witness.name} saw the whole log", set(witness.seen) >= {seq for seq in deltas if seq > witness.first}, True)
            witness.end()
        truth = self.upstream.truth()
        copy = {session["id"]: (session["state"], session["title"])
                for session in self.server.get("/api/sessions?limit=500").json["sessions"]}
        self.checks.equal("the copy equals the account", copy, truth)
        if epochs_kept:
            told = {id: state for witness in self.witnesses for id, state in witness.states.items()}
            self.checks.equal("the last change sent of each session equals its state in the account", {id: truth[id] for id in told}, told)
        self.checks.equal("the daemon stops in an orderly way", self.end(), 0, self.text())
        self.checks.that("after the stop the store needs no write-ahead log", not os.path.exists(f"{self.folder}/sessions.sqlite-wal"))
        verified = self.verb("verify")
        self.checks.equal("julesd verify finds no damage", verified.returncode, 0, verified.stderr)
