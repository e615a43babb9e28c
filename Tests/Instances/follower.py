# SPDX-License-Identifier: Apache-2.0
"""Clients that follow through the balancer and go to another instance every few seconds, by each of the three channels."""
import contextlib
import time

from wire import WebSocket
from witness import Follower

# Without a byte for this many seconds a client that hops gives up a connection: its instance is stopped, or cut off.
# One that stays waits longer than the pauses between the server's pings.
SHORT_PATIENCE, LONG_PATIENCE = 5, 45


class HoppingFollower(Follower):
    """Leaves each connection after a time between `shortest` and `longest` seconds. Without them it stays."""

    channel = "WebSocket"

    def __init__(self, server, name, chance, stay=(0.5, 4)):
        self.chance, self.stay = chance, stay
        # The addresses of the instances that have served it, and {seq: time of arrival}.
        self.served_by, self.arrivals = set(), {}
        self.patience = SHORT_PATIENCE if stay else LONG_PATIENCE
        super().__init__(server, f"{name} ({self.channel})")

    def note(self, deltas):
        now = time.time()
        for delta in deltas:
            self.arrivals.setdefault(delta["seq"], now)
        super().note(deltas)

    def note_instance(self, addresses):
        """nginx lists every instance that it has tried, and last the one that has answered."""
        if addresses:
            self.served_by.add(addresses.split(", ")[-1])

    def until_it_leaves(self):
        """Yields as long as the client stays on its connection."""
        self.connections += 1
        end = time.monotonic() + self.chance.uniform(*self.stay) if self.stay else None
        while not self.ending.is_set() and (end is None or time.monotonic() < end):
            yield

    def follow(self, cursor):
        with contextlib.closing(WebSocket(self.server, f"/ws?{cursor}", timeout=self.patience)) as socket:
            if socket.status != 101:
                time.sleep(0.2)
                return
            self.note_instance(socket.headers["x-served-by"])
            for _ in self.until_it_leaves():
                message = socket.next()
                if message is None:
                    break
                self.take(message)


class EventFollower(HoppingFollower):
    channel = "events"

    def follow(self, cursor):
        with contextlib.closing(self.server.events(f"/api/events?{cursor}", timeout=self.patience)) as stream:
            if stream.response.status != 200:
                time.sleep(0.2)
                return
            self.note_instance(stream.response.getheader("x-served-by"))
            for _ in self.until_it_leaves():
                event = stream.next()
                if event is None:
                    break
                if "data" in event:
                    self.take(event["data"])


class PollingFollower(HoppingFollower):
    """Asks again and again, so it is at another instance with each request."""

    channel = "long poll"

    def follow(self, cursor):
        if not cursor:
            return self.begin()
        answer = self.server.get(f"/api/deltas?{cursor}&limit=500&wait=2", timeout=self.patience + 2)
        if answer.status != 200:
            time.sleep(0.2)
            return
        self.connections += 1
        self.note_instance(answer.header("x-served-by"))
        page = answer.json
        self.enter(page["epoch"], page["seq"])
        if gap := page.get("gap"):
            self.skip(gap["to"])
        self.note(page["deltas"])

    def begin(self):
        answer = self.server.get("/api/sessions?limit=1", timeout=self.patience)
        if answer.status == 200:
            self.enter(answer.json["epoch"], answer.json["seq"])


CHANNELS = [HoppingFollower, EventFollower, PollingFollower]


def followers(server, count, chance, **options):
    return [CHANNELS[number % 3](server, f"follower {number}", chance, **options) for number in range(count)]
