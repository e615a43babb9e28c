# SPDX-License-Identifier: Apache-2.0
"""The receivers of changes. Each one remembers every change it saw, over any number of connections."""
import contextlib
import http.client
import http.server
import json
import struct
import threading
import time

from wire import WebSocket


def fingerprint(delta):
    return hash(json.dumps(delta, sort_keys=True))


class Follower(threading.Thread):
    """Follows the feed by WebSocket, reconnects with its cursor, and records what is wrong."""

    def __init__(self, server, name):
        super().__init__(daemon=True)
        self.server, self.name = server, name
        self.seq = self.epoch = self.present = self.first = None
        self.seen, self.states, self.faults = {}, {}, []
        self.gaps = self.connections = 0
        self.ending = threading.Event()
        self.start()

    def run(self):
        while not self.ending.is_set():
            try:
                self.follow(f"since={self.seq}&epoch={self.epoch}" if self.epoch else "")
            except (OSError, ValueError, IndexError, struct.error, http.client.HTTPException):
                pass
            time.sleep(0.01)

    def follow(self, cursor):
        """Follows over one connection, to its end. `cursor` is a query that continues after what was seen."""
        with contextlib.closing(WebSocket(self.server, f"/ws?{cursor}", timeout=5)) as socket:
            if socket.status == 101:
                self.connections += 1
                while message := socket.next():
                    self.take(message)

    def take(self, message):
        if message["type"] == "hello":
            self.enter(message["epoch"], message["seq"])
        elif message["type"] == "gap":
            self.skip(message["to"])
        self.note(message.get("delta", []))

    def enter(self, epoch, head):
        """Notes the epoch of the connection. A client with a cursor of another epoch keeps it until it is told a gap."""
        self.present = epoch
        if self.epoch is None:
            self.epoch, self.first, self.seq = epoch, head, head

    def skip(self, end):
        """Notes a gap. What follows begins after `end`; a client reads what is older from the list of sessions."""
        self.gaps += 1
        if self.epoch != self.present:
            self.epoch, self.seen = self.present, {}
        self.first = self.seq = end

    def note(self, deltas):
        for delta in deltas:
            if self.epoch != self.present:
                self.faults.append(f"{delta['seq']} of another epoch without a gap")
                self.skip(delta["seq"] - 1)
            if delta["seq"] != self.seq + 1:
                self.faults.append(f"{delta['seq']} after {self.seq}")
            self.seq = delta["seq"]
            self.seen[self.seq] = fingerprint(delta)
            if after := delta["after"]:
                self.states[delta["id"]] = (after["state"], after["title"])
            else:
                self.states.pop(delta["id"], None)

    def end(self):
        self.ending.set()
        self.join(10)


class Receiver(http.server.ThreadingHTTPServer):
    """A webhook that accepts every delivery and records what is wrong. The same delivery may come again with the same id."""

    name, gaps, daemon_threads, request_queue_size = "the webhook", 0, True, 64

    def __init__(self, answer=None):
        """`answer(delta)` returns the answer to a post as (status, headers, body), or None for 204. Without it, every answer is 204."""
        super().__init__(("127.0.0.1", 0), Delivery)
        self.answer, self.posts = answer, 0
        self.first = self.epoch = None
        self.seen, self.states, self.faults, self.ids, self.newest = {}, {}, [], {}, {}
        self.taken = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """Ignores the errors of a daemon that was killed."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook"

    @property
    def seq(self):
        """The number up to which every change has arrived."""
        seq = self.first
        while seq + 1 in self.seen:
            seq += 1
        return seq

    def begin(self, epoch, head):
        self.epoch, self.first = epoch, head

    def take(self, id, delta):
        seq, session, seen = delta["seq"], delta["id"], fingerprint(delta)
        with self.lock:
            self.taken += 1
            if id in self.ids:
                if self.ids[id] != seen:
                    self.faults.append(f"{id} came again with other contents")
                return
            self.ids[id] = seen
            if seq in self.seen:
                self.faults.append(f"{seq} came under two ids")
            if self.newest.get(session, 0) > seq:
                self.faults.append(f"{seq} came after {self.newest[session]} of the same session")
            self.seen[seq] = seen
            self.newest[session] = seq
            self.states[session] = (delta["after"]["state"], delta["after"]["title"])

    def end(self):
        self.shutdown()
        self.server_close()


class ChatHook:
    """Answers like a chat service: it accepts five posts in two seconds, counted from the first, and answers any further one with a wait.

    If it `tells`, each answer says how many more posts it accepts, as Discord does."""

    limit, window = 5, 2.0

    def __init__(self, wait, tells=False):
        self.wait, self.tells = wait, tells
        self.began = self.count = 0
        self.refused = 0

    def __call__(self, _):
        now = time.monotonic()
        if now - self.began >= self.window:
            self.began, self.count = now, 0
        self.count += 1
        if self.count > self.limit:
            self.refused += 1
            return 429, {"Retry-After": self.wait} if self.wait else {}, b""
        if self.tells:
            left, reset = self.limit - self.count, self.began + self.window - now
            return 204, {"X-RateLimit-Remaining": str(left), "X-RateLimit-Reset-After": f"{reset:.3f}"}, b""


class Delivery(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        delta = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.posts += 1
            status, headers, body = (self.server.answer and self.server.answer(delta)) or (204, {}, b"")
        if status < 300:
            self.server.take(self.headers["webhook-id"], delta)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204 and "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
