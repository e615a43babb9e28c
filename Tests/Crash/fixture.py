# SPDX-License-Identifier: Apache-2.0
"""The daemon of a crash test with its account and its folder, and what all tests of one run share."""
import os
import random
import subprocess
import tempfile

import store
from checks import Checks, until
from daemon import DaemonProcess
from upstream import Upstream
from witness import Follower, Receiver

HERE = os.path.dirname(os.path.realpath(__file__))


class Trial:
    """One run: the program, the chance it takes its decisions by, and a folder for all that it makes."""

    def __init__(self, julesd, kills, seed, prefix="julesd-crash-"):
        self.julesd, self.kills, self.seed = os.path.realpath(julesd), kills, seed
        self.chance = random.Random(seed)
        self.checks = Checks(verbose=True)
        self.work = tempfile.mkdtemp(prefix=prefix)
        self.fault_library, self.clock_library = self.library("fault"), self.library("clock")

    def library(self, name):
        """Builds a library that the daemon loads before all others."""
        path = f"{self.work}/{name}.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", path, f"{HERE}/{name}.c", "-ldl"], check=True)
        return path


class DaemonFixture(DaemonProcess):
    """One account, one folder, one port, and the daemons that run there one after the other."""

    def __init__(self, trial, name, webhook=False, answer=None, upstream=None, **options):
        super().__init__(trial, name, upstream or Upstream(**options))
        self.fault_library = trial.fault_library
        self.receiver = Receiver(answer) if webhook else None
        self.switch = f"{trial.work}/{name}.switch"
        self.spoil("")

    def environment(self, **more):
        if self.receiver:
            more["NOTIFY_WEBHOOK"] = self.receiver.url
        return super().environment(**more)

    def start(self, spoilt=False):
        super().start(**({"LD_PRELOAD": self.fault_library, "FAULT_SWITCH": self.switch, "FAULT_FOLDER": f"{self.folder}/"} if spoilt else {}))

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
