# SPDX-License-Identifier: Apache-2.0
"""Those who are told: each remembers every change it saw, over any number of connections."""
import json
import threading
import time

from wire import WebSocket


def fingerprint(delta):
    return hash(json.dumps(delta, sort_keys=True))


class Follower(threading.Thread):
    """Follows the feed by WebSocket, comes back with its cursor, and keeps an account of what is not right."""

    def __init__(self, server, name):
        super().__init__(daemon=True)
        self.server, self.name = server, name
        self.seq = self.epoch = self.first = None
        self.seen, self.states, self.faults = {}, {}, []
        self.gaps = self.connections = 0
        self.ending = threading.Event()
        self.start()

    def run(self):
        while not self.ending.is_set():
            try:
                query = f"?since={self.seq}&epoch={self.epoch}" if self.epoch else ""
                socket = WebSocket(self.server, f"/ws{query}", timeout=5)
                if socket.status == 101:
                    self.connections += 1
                    while message := socket.next():
                        self.take(message)
                socket.close()
            except (OSError, ValueError, IndexError):
                pass
            time.sleep(0.01)

    def take(self, message):
        if message["type"] == "hello":
            if self.epoch not in (None, message["epoch"]):
                self.seen = {}
            if self.epoch != message["epoch"]:
                self.first = self.seq = message["seq"]
            self.epoch = message["epoch"]
        elif message["type"] == "gap":
            self.gaps += 1
            # Live from here on; what lies before is read from the list of sessions.
            self.first = self.seq = message["to"]
        for delta in message.get("delta", []):
            if delta["seq"] != self.seq + 1:
                self.faults.append(f"{delta['seq']} after {self.seq}")
            self.seq = delta["seq"]
            self.seen[self.seq] = fingerprint(delta)
            self.states[delta["id"]] = (delta["after"]["state"], delta["after"]["title"])

    def end(self):
        self.ending.set()
        self.join(10)
