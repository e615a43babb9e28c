# SPDX-License-Identifier: Apache-2.0
"""Everything of one test: servers, instances, balancer, account, webhook, followers and creators."""
import json
import os
import time

from account import SharedAccount
from audit import Audit
from balancer import Balancer
from checks import until
from creator import Creator
from follower import followers
from instance import Instance
from postgresql import PostgreSQL
from witness import Receiver, fingerprint

INSTANCES = 3
# Contract: a new leader works at most this many seconds after the old one is gone.
LONGEST_TAKEOVER = 10


class Deployment:
    """Three instances of one store. Use it with `with`: it ends all its processes.

    `address(number)` is where the instance of this number connects to the server, as (host, port); without it, at the socket."""

    def __init__(self, trial, name, network=None, address=None, standby=None, account=None, **settings):
        self.trial, self.checks, self.chance = trial, trial.checks, trial.chance
        self.work = f"{trial.work}/{name}"
        os.mkdir(self.work)
        self.name, self.network, self.address, self.standby_kind, self.settings = name, network, address, standby, settings
        self.account = account or SharedAccount(trial.chance)
        self.receiver = Receiver()
        self.primary = self.standby = self.balancer = self.audit = None
        self.instances, self.followers, self.creators, self.takeovers = [], [], [], []
        self.julesd, self.clock_library = trial.julesd, trial.clock_library

    def __enter__(self):
        try:
            self.begin()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def begin(self):
        self.primary = PostgreSQL(self.work, "primary", self.network.command if self.network else ()).create()
        if self.standby_kind:
            self.standby = self.primary.standby(self.work, "standby", self.standby_kind == "synchronous")
        for number in range(INSTANCES):
            store = {"STORE": self.uri(number), "NOTIFY_WEBHOOK": self.receiver.url}
            self.instances.append(Instance(self, f"instance-{number}", self.account, **store, **self.settings))
        self.balancer = Balancer(self.work, [instance.port for instance in self.instances])
        for instance in self.instances:
            instance.start()
        for instance in self.instances:
            self.require(f"{instance.name} serves", instance.serves)
        self.require("one instance leads", self.leader, 20)
        self.require("the account has been read", lambda: self.primary.query("SELECT 1 FROM log WHERE baseline = 1"), 30)
        self.audit = Audit(lambda: self.primary)

    def uri(self, number):
        servers = [self.primary, *([self.standby] if self.standby else [])]
        if self.address:
            hosts, ports = ([str(part)] for part in self.address(number))
        else:
            hosts, ports = [server.folder for server in servers], [str(server.port) for server in servers]
        more = "&target_session_attrs=read-write" if self.standby else ""
        return f"postgresql:///julesd?user=julesd&host={','.join(hosts)}&port={','.join(ports)}{more}"

    def join(self, count=30, creators=3, **options):
        """Followers, the webhook and creators begin, and then the account begins to change."""
        self.watch(count, **options)
        self.account.moving = True
        self.require("changes arrive", lambda: all(follower.seen for follower in self.followers), 30)
        self.creators = [Creator(f"{self.name}, creator {number}", self.balancer.server, self.instances, self.chance)
                         for number in range(creators)]

    def watch(self, count, **options):
        self.followers = followers(self.balancer.server, count, self.chance, **options)
        self.require("every follower follows", lambda: all(follower.epoch for follower in self.followers), 30)
        self.receiver.begin(self.followers[0].epoch, self.followers[0].seq)

    def require(self, what, condition, seconds=20):
        """Waits for a condition without which the test has no meaning."""
        if not until(condition, seconds):
            raise RuntimeError(f"{time.strftime('%T')} not within {seconds} s: {what}\n{self.text()}")

    def leader(self):
        """The instance that leads; `None` if there is none, or more than one says that it does."""
        leaders = [instance for instance in self.instances if instance.leads]
        return leaders[0] if len(leaders) == 1 else None

    def ready(self, what="every instance is ready", seconds=30):
        """Checks that every instance has the server, an account that answers, and serves."""
        def are():
            return all((answer := instance.ask("GET", "/readyz")) and answer.status == 200 for instance in self.instances)
        self.checks.that(what, until(are, seconds), time.strftime("%T"), self.text())

    def leading(self):
        self.require("one instance leads", self.leader, 20)
        return self.leader()

    def others(self, instance):
        return [other for other in self.instances if other is not instance]

    def text(self):
        """The ends of all logs."""
        return "\n".join([*(instance.text() for instance in self.instances), f"all logs: {self.work}"])

    def takes_over(self, what, fault):
        """Does something to the leader and checks that another instance's first change comes in time."""
        term, began = self.audit.term, time.time()
        fault()
        first = until(lambda: self.audit.takeover(term), 40)
        took = first - began if first else None
        self.checks.that(f"{what}: a new leader's first change within {LONGEST_TAKEOVER} s",
                         took is not None and took <= LONGEST_TAKEOVER, f"{time.strftime('%T')} took {took}", self.text())
        if took is not None:
            self.takeovers.append(took)
        return took

    def moves(self, what, seconds=30):
        """Checks that changes go on: everybody gets a newer one."""
        known = [(follower, follower.seq) for follower in self.followers]
        self.checks.that(f"{what}: every follower gets newer changes", until(lambda: all(f.seq > seq for f, seq in known), seconds),
                         f"{time.strftime('%T')} not: {[f.name for f, seq in known if f.seq <= seq]}", self.text())

    def settle(self, seconds=60):
        """Ends creators and changes, and waits until everybody has caught up."""
        for creator in self.creators:
            creator.end()
        self.account.moving = False
        lists = self.account.lists
        until(lambda: self.account.lists > lists + 3, 20)

        def everybody():
            epoch, head = self.primary.query("SELECT epoch, head FROM log")[0]
            return all((follower.epoch, follower.seq) == (epoch, int(head)) for follower in self.followers)
        return until(everybody, seconds)

    def deltas(self):
        """{seq: fingerprint} of the log."""
        rows = self.primary.query("SELECT seq, convert_from(body, 'UTF8') FROM delta")
        return {int(seq): fingerprint(json.loads(body)) for seq, body in rows}

    def finish(self, gaps=0):
        """Checks after the last fault that nothing is lost or repeated. `gaps`: how many gaps each follower is told, or `None` for any."""
        checks, where = self.checks, self.text
        checks.that("everybody catches up", self.settle(), time.strftime("%T"),
                    [(f.name, f.epoch, f.seq) for f in self.followers], self.primary.query("SELECT epoch, head FROM log"), self.text())
        deltas, origin = self.deltas(), min((f.first for f in self.followers), default=0)
        faults = {f.name: f.faults[:5] for f in self.followers if f.faults}
        checks.equal(f"{len(self.followers)} followers saw every change once and in order", faults, {}, where())
        if gaps is not None:
            wrong = {f.name: f.gaps for f in self.followers if f.gaps != gaps}
            checks.equal(f"every follower was told {gaps} gaps", wrong, {}, where())
        other = {f.name: sorted(seq for seq, seen in f.seen.items() if deltas.get(seq) != seen)[:5] for f in self.followers}
        checks.equal("every change that a follower saw is in the log, in the same form", {k: v for k, v in other.items() if v}, {}, where())
        missing = {f.name: sorted(seq for seq in deltas if seq > f.first and seq not in f.seen)[:5] for f in self.followers}
        checks.equal("every follower saw the whole log", {k: v for k, v in missing.items() if v}, {}, where())
        seqs = self.audit.seqs()
        sent = until(lambda: not seqs - set(self.receiver.seen) - self.receiver_excused(seqs, origin), 90)
        unsent = sorted(seqs - set(self.receiver.seen) - self.receiver_excused(seqs, origin))
        checks.that("every change was delivered to the webhook", sent, f"{len(unsent)} were not: {unsent[:10]}",
                    self.primary.query("SELECT seq, state, attempts, due, error FROM delivery WHERE state <> 'delivered' LIMIT 5"), where())
        # A leader that was stopped may still send a change of a history that was lost; the server does not know that number.
        faults = [fault for fault in self.receiver.faults if not (number := fault.split()[0]).isdigit() or int(number) in seqs]
        checks.equal("the webhook saw each session's changes in order", faults[:5], [], where())
        checks.equal("the server saw no number and no term twice", self.audit.twins(), [])
        checks.equal("the server saw no hole between the numbers", self.audit.holes(), [])
        checks.equal("only the leader of the term wrote what the account's changes are", self.audit.strangers()[:5], [], where())
        if self.creators:
            self.check_creations()
        truth = self.account.truth()
        answer = self.balancer.server.get("/api/sessions?limit=500&archived=all")
        copy = {session["id"]: (session["state"], session["title"]) for session in answer.json["sessions"]}
        # A list has at most 500 sessions.
        checks.equal("the copy equals the account", {id: truth[id] for id in copy}, copy, where())
        self.report()

    def receiver_excused(self, seqs, origin):
        """The changes from before the webhook was watched."""
        return {seq for seq in seqs if seq <= (self.receiver.first or origin)}

    def check_creations(self):
        faults = [fault for creator in self.creators for fault in creator.faults]
        self.checks.equal("every creation was answered in the end", faults[:3], [], self.text())
        made = {key: ids for creator in self.creators for key, ids in creator.made.items()}
        self.checks.equal("one key has one session, whichever instance answers", {k: v for k, v in made.items() if len(v) != 1}, {})
        counts = self.account.created()
        twins = {prompt: count for prompt, count in counts.items() if count != 1}
        self.checks.equal(f"none of {len(made)} sessions was created twice", twins, {}, self.text())

    def report(self):
        served = set().union(*(follower.served_by for follower in self.followers))
        connections = sum(follower.connections for follower in self.followers)
        posts, taken = len(self.receiver.seen), self.receiver.taken
        print(f"      {len(self.audit.seqs())} changes; {len(self.followers)} followers, {connections} connections to {len(served)} instances; "
              f"{taken} deliveries of {posts} changes; {sum(len(c.made) for c in self.creators)} keys, "
              f"{sum(c.attempts for c in self.creators)} attempts", flush=True)
        if self.takeovers:
            times = sorted(self.takeovers)
            print(f"      {len(times)} takeovers: median {times[len(times) // 2]:.1f} s, longest {times[-1]:.1f} s", flush=True)

    def end(self):
        self.account.moving = False
        for witness in self.followers:
            witness.ending.set()
        for creator in self.creators:
            creator.leave()
        for instance in self.instances:
            if instance.runs:
                instance.process.kill()
                instance.process.wait()
        for part in self.balancer, self.standby, self.primary:
            if part:
                part.end()
        for witness in self.followers:
            witness.join(10)
        self.receiver.end()
        self.account.server.shutdown()
        self.account.server.server_close()
