# SPDX-License-Identifier: Apache-2.0
"""One instance on SQLite beside one, two and three that share a PostgreSQL server: what the server costs, and what more instances bring."""
import re
import signal
import time

import delta_log
from harness import TOKEN, Daemon, FakeJules, PostgreSQL, until
from report import median, number, table
from suites.delay import fsyncs

# How many instances, and whether on PostgreSQL.
SETUPS = {"1 on SQLite": (1, False), "1 on PostgreSQL": (1, True), "2 on PostgreSQL": (2, True), "3 on PostgreSQL": (3, True)}
WATCHERS = (100_000, 1_000_000)
# A change should be with the last watcher within a second, and all be back a minute after a restart.
LAST_SECONDS, BACK_SECONDS = 1, 60
# Of each instance: one that writes, one that reads, and one that listens.
CONNECTIONS = 4


class Instances:
    """Instances with one store in front of one account; the leader is the first of them."""

    def __init__(self, bench, count, server, **settings):
        self.bench, self.server = bench, server
        self.account = FakeJules(bench, sessions=100, active=20, prompt=150)
        self.database = f"julesd_{time.monotonic_ns()}"
        if server:
            server.run(f"CREATE DATABASE {self.database}")
            settings["STORE"] = server.uri(self.database)
        names = [f"instance-{n}" for n in range(count)]
        self.daemons = [Daemon(bench, self.account, bench.folder(name), INSTANCE=name, **settings) for name in names]
        self.find_leader().read_account()

    def find_leader(self):
        """Waits until one instance leads, and puts it first."""
        leader = until(lambda: next(filter(leads, self.daemons), None), "a leader")
        self.daemons.sort(key=lambda daemon: daemon is not leader)
        return leader

    def restart(self, **settings):
        self.stop_daemons()
        for daemon in self.daemons:
            daemon.settings |= settings
            daemon.start()
        self.find_leader()

    def stop_daemons(self):
        for daemon in self.daemons:
            daemon.stop()

    def stop(self):
        self.stop_daemons()
        self.account.stop()
        if self.server:
            self.server.run(f"DROP DATABASE {self.database}")

    def lengthen(self, deltas):
        """Adds so many deltas to the log while nobody uses it."""
        self.stop_daemons()
        if self.server:
            delta_log.lengthen_shared(self.server, self.database, deltas)
        else:
            delta_log.lengthen(self.daemons[0].data, deltas)

    def be_quiet(self):
        self.account.changes(0)
        time.sleep(0.3)

    @property
    def ports(self):
        return [daemon.port for daemon in self.daemons]

    @property
    def port(self):
        return ports_option(self.ports)

    @property
    def pids(self):
        return ",".join([*(daemon.pids for daemon in self.daemons), *(map(str, self.server.pids) if self.server else ())])

    @property
    def client_options(self):
        return self.daemons[0].client_options

    @property
    def publish_options(self):
        return self.daemons[0].publish_options

    def cpu(self):
        return sum(daemon.program.cpu() for daemon in self.daemons)

    def server_cpu(self):
        return self.server.cpu() if self.server else 0

    def head(self):
        return self.daemons[0].head()

    def replay(self, ports, **options):
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return self.bench.tool("replay", "--port", ports_option(ports), "--token", TOKEN, *words)


def ports_option(ports):
    return ",".join(map(str, ports))


def leads(daemon):
    return re.search(rb"(?m)^julesd_leader 1", daemon.get("/metrics")) is not None


def idle(bench, instances):
    """What an instance takes that nobody uses, and what PostgreSQL takes for it meanwhile."""
    for daemon in instances.daemons:
        daemon.settle()
    memory = sum(daemon.program.memory() for daemon in instances.daemons) / len(instances.daemons)
    seconds = 0.5 if bench.short else 2
    own, server = instances.cpu(), instances.server_cpu()
    time.sleep(seconds)
    return {"anon_mb": memory, "idle_cpu_ms": (instances.cpu() - own) / seconds / len(instances.daemons),
            "idle_server_cpu_ms": (instances.server_cpu() - server) / seconds}


def fan_out(bench, instances):
    """Large first: an allocator keeps what it once had."""
    own = ",".join(daemon.pids for daemon in instances.daemons)
    many, few = (20, 10) if bench.short else (9000, 2000)
    found = {"client_kb": bench.fanout(instances, clients=many, broadcasts=1, pids=own)["client_kb"]}
    for clients in (many, few, len(instances.daemons)):
        one = bench.fanout(instances, clients=clients, broadcasts=2 if bench.short else 11)
        size = clients if clients in (many, few) else "each"
        found |= {f"{key}_{size}": one[key] for key in ("last_ms", "span_ms", "cpu_ms", "handshakes_ms")}
    return found


def commits(bench, instances):
    """From Jules's confirmation of a user's action to the answer to the user, at the leader and at another instance."""
    found = {}
    for place, ports in (("leader", instances.ports), ("other", instances.ports[::-1])):
        one = bench.fanout(instances, port=ports_option(ports), clients=len(ports), broadcasts=3 if bench.short else 100)
        found |= {f"answer_{place}_{share}_ms": one[f"answer_{share}_ms"] for share in ("p50", "p99")}
    return found


def delay(bench, instances):
    """From Jules's answer to a poll to clients of the leader, and to clients of the others."""
    clients, broadcasts = (6, 3) if bench.short else (99, 75)
    one = bench.listen(instances, lambda: instances.account.changes(1), clients=clients, broadcasts=broadcasts)
    instances.be_quiet()
    leader, *others = one["instances"]
    return {f"delay_{place}_{share}_ms": max(each[f"{share}_ms"] for each in group)
            for place, group in (("leader", [leader]), ("other", others or [leader])) for share in ("p50", "p99")}


def deltas(bench, instances):
    """How many deltas a second are committed, and told by every instance, while each poll shows 100 changes."""
    count = 200 if bench.short else 5000
    head, own, server = instances.head(), instances.cpu(), instances.server_cpu()
    instances.account.changes(100)
    one = instances.replay(instances.ports, clients=len(instances.ports), since=head, until=head + count)
    own, server = instances.cpu() - own, instances.server_cpu() - server
    written = instances.head() - head
    instances.be_quiet()
    return {"deltas_per_s": count / one["seconds"], "delta_cpu_us": own / written * 1000, "delta_server_cpu_us": server / written * 1000}


def catching_up(bench, instances):
    """One client over a long log at each instance in turn; and many at once after a restart."""
    count, clients, behind = (100, 6, 10) if bench.short else (100_000, 500, 1000)
    instances.lengthen(count)
    instances.restart(POLL_INTERVAL="60s")
    head = instances.head()
    alone = [instances.replay([port], since=head - count, until=head)["deltas_per_s"] for port in instances.ports]
    instances.restart()
    crowd = instances.replay(instances.ports, clients=clients, since=head - behind, until=head)
    return {"replay_per_s": min(alone), "crowd_s": crowd["seconds"], "crowd_per_s": crowd["deltas_per_s"]}


def one_round(bench, count, server):
    instances = Instances(bench, count, server, POLL_INTERVAL="60s")
    found = idle(bench, instances) | fan_out(bench, instances) | commits(bench, instances)
    instances.restart(POLL_INTERVAL="40ms")
    found |= delay(bench, instances)
    instances.restart(POLL_INTERVAL="10ms")
    found |= deltas(bench, instances)
    found |= catching_up(bench, instances)
    instances.stop()
    return found


def takeovers(bench, server):
    """Seconds from the signal that the leader gets until another one leads, and until all others have told a change that it has seen."""
    instances = Instances(bench, 3, server, POLL_INTERVAL="100ms")
    instances.account.changes(1)
    found = {}
    for sent in (signal.SIGKILL, signal.SIGSTOP):
        runs = []
        for _ in range(1 if bench.short else 5):
            old, *others = instances.daemons
            began = time.monotonic()
            old.program.process.send_signal(sent)
            until(lambda: any(map(leads, others)), "a new leader")
            led, head = time.monotonic() - began, max(other.head() for other in others)
            until(lambda: all(other.head() > head for other in others), "a change")
            runs.append({"led_s": led, "told_s": time.monotonic() - began})
            if sent == signal.SIGKILL:
                old.stop()
                old.start()
            else:
                old.program.process.send_signal(signal.SIGCONT)
                until(lambda: not leads(old), "the end of the old lead")
            instances.find_leader()
        found[sent.name] = {key: median(runs, key) for key in ("led_s", "told_s")} | {"most_s": max(one["told_s"] for one in runs)}
    instances.stop()
    return found


def measure(bench):
    server = PostgreSQL()
    rounds = {name: [] for name in SETUPS}
    probes = []
    for _ in range(bench.rounds):
        probes += fsyncs(server.folder, 20 if bench.short else 100)
        for name, (count, is_shared) in SETUPS.items():
            rounds[name].append(one_round(bench, count, server if is_shared else None))
    taken_over = takeovers(bench, server)
    version = server.run("SHOW server_version").split()[0]
    server.stop()
    return {"setups": {name: {key: median(runs, key) for key in runs[0]} for name, runs in rounds.items()},
            "takeovers": taken_over, "version": version,
            **{f"fsync_p{share}_ms": sorted(probes)[len(probes) * share // 100] for share in (50, 99)}}


def sizes(setup):
    """The numbers of clients that were tried."""
    found = (key.removeprefix("last_ms_") for key in setup if key.startswith("last_ms_"))
    return sorted(int(size) for size in found if size != "each")


def watchers(setups):
    """What many watchers take, from the slopes between 2,000 and 9,000 clients of one instance, and between one and three instances."""
    one, three = setups["1 on PostgreSQL"], setups["3 on PostgreSQL"]
    few, many = sizes(one)
    by_client = lambda key: max(0, one[f"{key}_{many}"] - one[f"{key}_{few}"]) / (many - few)
    last, cpu, back = by_client("last_ms"), by_client("cpu_ms"), one[f"handshakes_ms_{many}"] / many
    hop = three["delay_other_p99_ms"]
    by_instance = max(0, three["delta_server_cpu_us"] - one["delta_server_cpu_us"]) / 2
    rows = []
    for count in WATCHERS:
        needed = max(1, -(-count * last // (LAST_SECONDS * 1000 - hop)), -(-count * back // (BACK_SECONDS * 1000)))
        # One of them may be lost.
        machines, each = int(needed) + 1, count / needed
        rows.append([f"{count:,}", f"{needed:.0f} + 1", f"{each:,.0f}", number((hop + each * last) / 1000), number(each * cpu / 1000),
                     number(each * back / 1000), number(one["anon_mb"] / 1024 + each * one["client_kb"] / 1024**2),
                     f"{machines * CONNECTIONS}", number(1e6 / (one["delta_server_cpu_us"] + by_instance * (machines - 1)))])
    return (f"By the client of an instance: {number(last * 1000)} µs until the last one has a message, {number(cpu * 1000)} µs of CPU "
            f"a message, {number(back * 1000)} µs until it is back after a restart, {number(one['client_kb'])} kB. By the "
            f"further instance: {number(by_instance)} µs of PostgreSQL's CPU a delta. From Jules's answer to a client of another instance than "
            f"the leader: {number(hop)} ms, p99.\n\n") + table(
        ["watchers", f"instances, for {LAST_SECONDS} s and {BACK_SECONDS} s, and one to lose", "watchers of each, one being lost",
         "last has a change after, s", "CPU of each a change, s", "all back after a restart, s", "RssAnon of each, GB",
         "connections of PostgreSQL", "deltas/s that a core of PostgreSQL can take"], rows)


def tables(result):
    setups = result["setups"]
    first = next(iter(setups.values()))

    def rows(*wanted):
        return [[what, *(number(one[key]) for one in setups.values())] for what, key in wanted]

    def compare(*wanted):
        return table(["", *setups], rows(*wanted))

    parts = [
        f"PostgreSQL {result['version']}; `fdatasync(2)` of 4 kB on its disk: p50 {number(result['fsync_p50_ms'])} ms, "
        f"p99 {number(result['fsync_p99_ms'])} ms.",
        "Writing, while each poll shows 100 changes:",
        compare(("deltas/s, committed and told by every instance", "deltas_per_s"), ("CPU a delta, all instances, µs", "delta_cpu_us"),
                ("CPU a delta, PostgreSQL, µs", "delta_server_cpu_us")),
        "From Jules's confirmation of a user's action to the answer, with the commit in between; and from Jules's answer to a poll to "
        "99 clients:",
        compare(("user's action at the leader, p50, ms", "answer_leader_p50_ms"), ("p99, ms", "answer_leader_p99_ms"),
                ("at another instance, p50, ms", "answer_other_p50_ms"), ("p99, ms", "answer_other_p99_ms"),
                ("poll to clients of the leader, p50, ms", "delay_leader_p50_ms"), ("p99, ms", "delay_leader_p99_ms"),
                ("to clients of another instance, p50, ms", "delay_other_p50_ms"), ("p99, ms", "delay_other_p99_ms")),
        "One message of 1 kB to clients spread over the instances; CPU is that of all instances and PostgreSQL:",
        compare(*(row for size in sizes(first) for row in (
            (f"{size:,} clients: last one after, ms", f"last_ms_{size}"), ("first to last, ms", f"span_ms_{size}"),
            ("CPU a broadcast, ms", f"cpu_ms_{size}"), ("all handshakes, ms", f"handshakes_ms_{size}"))),
            ("one client of each instance: CPU a broadcast, ms", "cpu_ms_each"), ("kB a client", "client_kb")),
        "Catching up, over WebSocket:",
        compare(("100,000 deltas, deltas/s, slowest instance", "replay_per_s"),
                ("500 clients, 1,000 deltas behind, after a restart: all are live after, s", "crowd_s"),
                ("deltas/s, all together", "crowd_per_s")),
        "With 100 sessions and nothing to do:",
        compare(("RssAnon of an instance, MB", "anon_mb"), ("CPU of an instance, ms a second", "idle_cpu_ms"),
                ("CPU of PostgreSQL, ms a second", "idle_server_cpu_ms")),
        "Three instances, the leader gets a signal; medians of five:",
        table(["signal", "another one leads after, s", "its first change is told after, s", "the latest, s"],
              [[f"`{name}`", *(number(one[key]) for key in ("led_s", "told_s", "most_s"))]
               for name, one in result["takeovers"].items()]),
        watchers(setups)]
    return "\n\n".join(parts)
