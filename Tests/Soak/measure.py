# SPDX-License-Identifier: Apache-2.0
"""Reads the daemon's resources from the kernel, measures its latency, and checks whether any of it grows."""
import dataclasses
import http.client
import os
import statistics
import time


@dataclasses.dataclass
class Sample:
    minute: float
    descriptors: int  # without the connections to upstream, up to five of which are kept open
    threads: int
    resident: float  # MB, VmRSS
    anonymous: float  # MB, RssAnon
    median: float  # ms
    worst: float  # ms
    load: float
    seq: int


class Probe:
    """Takes samples of a process, and sends it requests on its own connection."""

    def __init__(self, pid, server, upstream):
        self.pid, self.server, self.upstream = pid, server, upstream
        self.begin = time.monotonic()
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def ask(self):
        began = time.perf_counter()
        self.connection.request("GET", "/api/deltas?limit=1", headers={"Authorization": f"Bearer {self.server.token}"})
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{response.status} {body[:300]}")
        return (time.perf_counter() - began) * 1000, body

    def sample(self):
        answers = [self.ask() for _ in range(20)]
        times = [answer[0] for answer in answers]
        with open(f"/proc/{self.pid}/status") as file:
            status = dict(line.split(":", 1) for line in file if ":" in line)
        megabytes = lambda key: int(status[key].split()[0]) / 1024
        return Sample(
            minute=(time.monotonic() - self.begin) / 60,
            descriptors=len(os.listdir(f"/proc/{self.pid}/fd")) - connections_to(self.upstream),
            threads=int(status["Threads"]), resident=megabytes("VmRSS"), anonymous=megabytes("RssAnon"),
            median=statistics.median(times), worst=max(times), load=os.getloadavg()[0],
            seq=int(answers[-1][1].rsplit(b'"seq":', 1)[1].split(b",")[0]))


def connections_to(port):
    """The number of connections from this machine to a port. The list has both ends of each; this counts the calling end."""
    with open("/proc/net/tcp") as file:
        rows = [line.split() for line in file][1:]
    return sum(int(row[2].split(":")[1], 16) == port and row[9] != "0" for row in rows)


def idle(probe, before, seconds=90):
    """Waits until descriptors and threads are as few as before. Returns the last sample."""
    deadline = time.monotonic() + seconds
    while True:
        sample = probe.sample()
        if sample.descriptors <= before.descriptors and sample.threads <= before.threads + 1 or time.monotonic() > deadline:
            return sample
        time.sleep(1)


def growth(samples, field):
    """The medians of the second and the last third. The first third is for warming up."""
    third = len(samples) // 3
    values = [getattr(sample, field) for sample in samples]
    return statistics.median(values[third:2 * third]), statistics.median(values[2 * third:])


def verdict(samples, before, after):
    """One line for each promise: whether it holds, and the figures."""
    lines = []

    def compare(name, field, share, slack, unit):
        earlier, later = growth(samples, field)
        lines.append((later <= earlier * (1 + share) + slack,
                      f"{name}: median {earlier:.1f} {unit} in the second third, {later:.1f} {unit} in the last"))

    compare("anonymous memory", "anonymous", 0.05, 1, "MB")
    compare("resident memory", "resident", 0.05, 1, "MB")
    compare("descriptors under load", "descriptors", 0.10, 5, "")
    compare("threads under load", "threads", 0, 1, "")
    compare("latency", "median", 1, 10, "ms")
    # libdispatch may keep one worker more or less.
    for field, slack in (("descriptors", 0), ("threads", 1)):
        first, last = getattr(before, field), getattr(after, field)
        lines.append((last <= first + slack, f"{field} without clients: {first} before, {last} afterwards"))
    return lines
