# SPDX-License-Identifier: Apache-2.0
"""Clients that come and go: well-behaved ones on every channel, misbehaving ones, and one of each kind that stays to the end."""
import collections
import http.client
import json
import multiprocessing
import os
import random
import socket
import struct
import threading
import time

from wire import Server

GONE = (OSError, EOFError, ValueError, AttributeError, http.client.HTTPException)


class Party:
    """A process with many clients. `finish` stops them and returns what they have counted and seen."""

    def __init__(self, port, token, roles, seed):
        self.over = multiprocessing.Event()
        self.results, sender = multiprocessing.Pipe(duplex=False)
        self.process = multiprocessing.Process(
            target=self.run, args=(port, token, roles, seed, self.over, sender), daemon=True)
        self.process.start()

    @staticmethod
    def run(port, token, roles, seed, over, sender):
        tally = collections.Counter()
        wrong = []

        def play(role, seed):
            guest = Guest(Server(port, token=token), random.Random(seed), over, tally, wrong)
            while not over.is_set():
                try:
                    role(guest)
                except GONE as error:
                    tally[f"{role.__name__}: {type(error).__name__}"] += 1
                    over.wait(0.1)

        threads = [threading.Thread(target=play, args=(role, f"{seed}.{n}"), daemon=True) for n, role in enumerate(roles)]
        for thread in threads:
            thread.start()
        over.wait()
        deadline = time.monotonic() + 60
        for thread in threads:
            thread.join(max(0, deadline - time.monotonic()))
        if stuck := sum(thread.is_alive() for thread in threads):
            wrong.append(f"{stuck} clients are stuck")
        sender.send((dict(tally), wrong))
        os._exit(0)

    def finish(self):
        self.over.set()
        if not self.results.poll(90):
            return {}, ["a party of clients does not end"]
        return self.results.recv()


class Guest:
    """What a client needs for its visits."""

    def __init__(self, server, dice, over, tally, wrong):
        self.server, self.dice, self.over, self.tally, self.wrong = server, dice, over, tally, wrong

    def deadline(self, longest):
        return time.monotonic() + self.dice.uniform(0, longest)

    def head(self):
        return self.server.get("/api/deltas?limit=1").json["seq"]

    def somewhere(self):
        """A position in the log from which to replay, mostly near its end."""
        head = self.head()
        return max(0, head - int(self.dice.paretovariate(0.7)) * 5)

    def follow(self, seq, since):
        """Checks that the deltas follow each other. Returns the newest number."""
        if since is not None and seq != since + 1:
            self.wrong.append(f"delta {seq} came after {since}")
        self.tally["deltas"] += 1
        return seq


def cut(connection):
    """Ends a connection with a reset, like a client whose machine has crashed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def web_socket(guest):
    since = guest.somewhere()
    client = guest.server.web_socket(f"/ws?since={since}" + guest.dice.choice(["", "&activities=1"]))
    end = guest.deadline(15)
    client.socket.settimeout(20)
    while time.monotonic() < end and not guest.over.is_set():
        message = client.next()
        if message is None:
            guest.wrong.append(f"a WebSocket was closed with {client.close_code}")
            break
        if message["type"] == "gap":
            since = message["to"]
        for delta in message.get("delta", []) if message["type"] == "session_update" else []:
            since = guest.follow(delta["seq"], since)
        if guest.dice.random() < 0.1:
            client.send(1, '{"type":"ping"}')
    guest.tally["WebSockets"] += 1
    if guest.dice.random() < 0.5:
        client.send(8, struct.pack("!H", 1000))
        client.socket.close()
    else:
        cut(client.socket)
    client.file.close()


def event_stream(guest):
    since = guest.somewhere()
    response = guest.server.open("GET", "/api/events", headers={"Last-Event-ID": str(since)})
    end = guest.deadline(15)
    event = {}
    while time.monotonic() < end and not guest.over.is_set() and (line := response.readline()):
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            event[name] = value
            continue
        if event.get("event") == "session_update":
            for delta in json.loads(event["data"])["delta"]:
                since = guest.follow(delta["seq"], since)
        elif event.get("event") == "gap":
            since = int(event["id"])
        event = {}
    guest.tally["event streams"] += 1
    response.close()


def long_poll(guest):
    since = guest.somewhere()
    for _ in range(guest.dice.randrange(1, 20)):
        if guest.over.is_set():
            break
        page = guest.server.get(f"/api/deltas?since={since}&wait=5&limit=200").json
        if "gap" in page:
            since = page["gap"]["to"]
        for delta in page["deltas"]:
            since = guest.follow(delta["seq"], since)
        guest.tally["long polls"] += 1
        since = page["nextSince"]


def reader(guest):
    """Reads all pages of sessions and some single sessions."""
    cursor = ""
    while cursor is not None and not guest.over.is_set():
        page = guest.server.get(f"/api/sessions?limit=50{cursor}").json
        for session in guest.dice.sample(page["sessions"], min(2, len(page["sessions"]))):
            target = f"/api/sessions/{session['id']}"
            guest.server.get(guest.dice.choice([target, f"{target}?refresh=1", f"{target}/activities?limit=20"]))
            guest.tally["reads"] += 1
        guest.tally["reads"] += 1
        cursor = f"&cursor={page['nextCursor']}" if "nextCursor" in page else None
    for target in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/", "/api/sources", "/api/sessions?q=test&state=COMPLETED"):
        guest.server.get(target, token=target.startswith("/api"))
        guest.tally["reads"] += 1
    guest.over.wait(guest.dice.uniform(0, 0.5))


def person(guest):
    """Creates, approves, answers, archives."""
    body = {"prompt": f"Soak {guest.dice.random()}", "repo": "acme/harbor", "branch": "main",
            "requirePlanApproval": guest.dice.random() < 0.5}
    headers = {"Idempotency-Key": str(guest.dice.getrandbits(64))} if guest.dice.random() < 0.5 else {}
    answers = [guest.server.post("/api/sessions", body, headers=headers, timeout=60)]
    for session in guest.server.get("/api/sessions?attention=1&limit=20").json["sessions"]:
        target = f"/api/sessions/{session['id']}"
        if session["state"] == "AWAITING_PLAN_APPROVAL":
            answers.append(guest.server.post(f"{target}/approve", {}, timeout=60))
        else:
            answers.append(guest.server.post(f"{target}/message", {"message": "Go on"}, timeout=60))
        if guest.over.is_set():
            break
    for session in guest.server.get("/api/sessions?state=COMPLETED&limit=3").json["sessions"]:
        answers.append(guest.server.post(f"/api/sessions/{session['id']}/archive", timeout=60))
    for answer in answers:
        guest.tally["actions"] += 1
        if answer.status == 500:
            guest.wrong.append(str(answer))
    guest.over.wait(guest.dice.uniform(0, 1))


def janitor(guest):
    """Deletes the oldest sessions, so that their number stays the same."""
    cursor, page = "", {}
    ids = []
    while not guest.over.is_set():
        page = guest.server.get(f"/api/sessions?archived=all&limit=500{cursor}").json
        ids += [session["id"] for session in page["sessions"]]
        if "nextCursor" not in page:
            break
        cursor = f"&cursor={page['nextCursor']}"
    for session in ids[300:]:
        if guest.over.is_set():
            break
        guest.server.ask("DELETE", f"/api/sessions/{session}", timeout=60)
        guest.tally["deletions"] += 1
    guest.over.wait(1)


def deaf(guest):
    """Follows from the beginning and reads nothing, until it is disconnected or a random time has passed."""
    client = guest.server.web_socket("/ws?since=0&activities=1", receive_buffer=4096)
    guest.over.wait(guest.dice.uniform(1, 20))
    guest.tally["deaf clients"] += 1
    cut(client.socket)
    client.file.close()


def rude(guest):
    """Sends faulty input, and disconnects in the middle of it."""
    connection = guest.server.dial()
    connection.sendall(guest.dice.choice([
        b"GET /api/sessions HTTP/1.1\r\nHost: x\r\nAuthor", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"",
        b"POST /api/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{", b"GET / HTTP/9.9\r\n\r\n",
        b"GET /api/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer guess\r\n\r\n" * 10,
        b"GET /api/%zz?%00=%ff&&=&limit=-1 HTTP/1.1\r\nHost: x\r\n\r\n", b"POST / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n",
    ]))
    guest.over.wait(guest.dice.uniform(0, 2))
    guest.tally["rude clients"] += 1
    cut(connection)


def half_closed(guest):
    """Sends several requests and closes its sending side, like `nc -N`. Each request must be answered."""
    connection = guest.server.dial(60)
    targets = guest.dice.choices(["/healthz", "/metrics", "/api/sessions?limit=20", "/api/deltas?limit=20"], k=guest.dice.randint(1, 20))
    connection.sendall("".join(
        f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {guest.server.token}\r\n\r\n" for target in targets).encode())
    connection.shutdown(socket.SHUT_WR)
    answers = b""
    while chunk := connection.recv(65536):
        answers += chunk
    connection.close()
    if (count := answers.count(b"HTTP/1.1 200 ")) != len(targets):
        guest.wrong.append(f"{count} of {len(targets)} requests were answered before the end of input")
    guest.tally["half-closed clients"] += 1
    guest.over.wait(guest.dice.uniform(0, 1))


def flood(guest):
    """Sends thousands of requests and reads no answer."""
    connection = guest.server.dial()
    connection.setblocking(False)
    left = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20_000
    try:
        while left:
            left = left[connection.send(left):]
    except BlockingIOError:
        pass
    guest.over.wait(guest.dice.uniform(0, 10))
    guest.tally["floods"] += 1
    cut(connection)


def upset(guest):
    """Breaks the rules of the WebSocket protocol."""
    client = guest.server.web_socket("/ws")
    client.next()
    client.send(*guest.dice.choice([(1, b"\xff\xfe"), (2, b"binary"), (3, b""), (9, b"x" * 200), (0, b"more"), (8, b"\x00")]))
    while client.next() is not None:
        pass
    guest.tally["protocol faults"] += 1
    guest.over.wait(guest.dice.uniform(0, 1))
    client.socket.close()
    client.file.close()


def steady(guest):
    """Follows from the first to the last moment, whatever happens."""
    since = guest.head()
    first = since
    client = guest.server.web_socket(f"/ws?since={since}")
    client.socket.settimeout(60)
    while not guest.over.is_set():
        message = client.next()
        if message is None:
            guest.wrong.append(f"the steady WebSocket was closed with {client.close_code}")
            return
        if message["type"] == "gap":
            guest.wrong.append(f"the steady WebSocket got {message}")
        for delta in message.get("delta", []) if message["type"] == "session_update" else []:
            since = guest.follow(delta["seq"], since)
    guest.tally["deltas of the steady client"] = since - first
    client.socket.close()
    client.file.close()


CROWD = [web_socket] * 12 + [event_stream] * 8 + [long_poll] * 6 + [reader] * 3 + [deaf] * 3 + [rude] * 3 + [upset] * 2 + [half_closed] * 2 + [flood]
STAFF = [person, person, janitor, steady]
