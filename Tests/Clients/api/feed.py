# SPDX-License-Identifier: Apache-2.0
"""The feed by long poll, event stream and WebSocket: the same order, the same cursor, no gap and no repetition."""
import re
import threading
import time

from checks import until
from programs import TOKEN, Daemon, Simulator


def run(checks):
    simulator = Simulator()
    ids = [simulator.add(state="IN_PROGRESS", title=f"Session {n}") for n in range(3)]
    simulator.control("/clock", {"advance": "10s"})
    daemon = Daemon(simulator, PERSIST=1)
    until(lambda: len(daemon.sessions()) == len(ids))
    feed = Feed(checks, daemon, simulator, ids)
    # It must send something within 15 s. The other checks take that long anyway.
    silent = daemon.server.events("/api/events", timeout=40)
    feed.long_poll()
    feed.event_stream()
    feed.web_socket()
    feed.handshakes()
    feed.protocol()
    feed.activities()
    while (event := silent.next()) and "comment" not in event:
        pass
    checks.that("an event stream sends something every 15 s", event)
    feed.slow_reader()
    socket, stream = daemon.server.web_socket(), daemon.server.events("/api/events")
    socket.next(), stream.next()
    daemon.stop()
    checks.equal("a WebSocket is closed with 1012 at the end", socket.drain(), 1012)
    checks.equal("an event stream ends at the end", stream.next(), None)


class Feed:
    def __init__(self, checks, daemon, simulator, ids):
        self.checks, self.daemon, self.server, self.simulator, self.ids = checks, daemon, daemon.server, simulator, ids
        self.turn = 0

    def change(self, count=1):
        """Makes `count` deltas and waits until they are logged. Returns the seq before them."""
        since = self.daemon.head
        for _ in range(count):
            self.turn += 1
            before = self.daemon.head
            self.simulator.command(self.ids[self.turn % len(self.ids)], "state", state=f"TURN_{self.turn}")
            until(lambda: self.daemon.head > before)
        return since

    def poll(self, query, **options):
        answer = self.server.get(f"/api/deltas?{query}", timeout=70, **options)
        return answer.json if answer.status == 200 else {"status": answer.status, "body": answer.body}

    def long_poll(self):
        checks = self.checks
        start = self.change(5)
        page = self.poll(f"since={start}")
        epoch = page["epoch"]
        checks.equal("seq grows by one", [d["seq"] for d in page["deltas"]], list(range(start + 1, start + 6)))
        checks.equal("seq is the head, and nextSince the last delta", (page["seq"], page["nextSince"]), (start + 5, start + 5))
        for delta in page["deltas"][:1]:
            checks.that("a delta has its members", {"seq", "id", "changeType", "before", "after", "timestamp"} <= set(delta), delta)
            checks.that("the time of a delta is in UTC with milliseconds", re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", delta["timestamp"]), delta)
            checks.that("before and after are sessions", delta["before"]["id"] == delta["after"]["id"] == delta["id"], delta)
            checks.that("and differ", delta["before"]["state"] != delta["after"]["state"], delta)
        got, since = [], start
        for _ in range(9):
            page = self.poll(f"since={since}&limit=2&epoch={epoch}")
            got.append([d["seq"] - start for d in page["deltas"]])
            since = page["nextSince"]
            if since >= page["seq"]:
                break
        checks.equal("limit cuts pages", got, [[1, 2], [3, 4], [5]])
        checks.equal("at the head there are no deltas", self.poll(f"since={since}")["deltas"], [])
        checks.equal("without since the poll begins at the head", self.poll("")["deltas"], [])
        checks.that("there is no gap if nothing is missing", "gap" not in page, page)

        began = time.monotonic()
        page = self.poll(f"since={since}&wait=1")
        took = time.monotonic() - began
        checks.that("an idle poll waits and ends without deltas", page["deltas"] == [] and 0.9 <= took < 8, took, page)
        woken = []
        poller = threading.Thread(target=lambda: woken.append((self.poll(f"since={since}&wait=500"), time.monotonic())))
        poller.start()
        time.sleep(0.3)
        began = time.monotonic()
        self.change()
        poller.join(60)
        checks.that("a change ends the wait", woken and [d["seq"] for d in woken[0][0]["deltas"]] == [since + 1] and woken[0][1] - began < 10, woken)
        head = self.daemon.head
        for what, query in (("another epoch", f"since={head - 2}&epoch=other"), ("a seq beyond the head", f"since={head + 1000}")):
            page = self.poll(f"{query}&wait=30s")
            checks.that(f"{what} gives a gap at once", page.get("gap") and page["deltas"] == [], page)
            checks.equal(f"{what}: the poll continues from the head", (page["nextSince"], page["gap"]["to"]), (head, head), page)

    def event_stream(self):
        checks, server = self.checks, self.server
        stream = server.events("/api/events")
        head = {name.lower(): value for name, value in stream.response.getheaders()}
        checks.that("the answer is an event stream", head.get("content-type", "").startswith("text/event-stream"), head)
        checks.equal("the stream must not be stored", head.get("cache-control"), "no-store, no-transform")
        checks.equal("nginx must not buffer the stream", head.get("x-accel-buffering"), "no")
        checks.that("the stream has a request id", head.get("x-request-id"))
        hello = stream.next()
        checks.that("the first event is hello", hello["event"] == "hello" == hello["data"]["type"], hello)
        checks.that("hello has epoch, seq and version", {"epoch", "seq", "version"} <= set(hello["data"]), hello)
        since = self.change(3)
        got = [stream.next() for _ in range(3)]
        checks.equal("each change is an event", [e["event"] for e in got], ["session_update"] * 3)
        checks.equal("the id of an event is its seq", [int(e["id"]) for e in got], [e["data"]["seq"] for e in got])
        checks.equal("seq is that of the last delta", [e["data"]["seq"] for e in got], [e["data"]["delta"][-1]["seq"] for e in got])
        stream.close()
        logged = self.daemon.deltas(since)
        for what, query, headers in (
            ("Last-Event-ID", "", {"Last-Event-ID": str(since)}), ("since", f"?since={since}", {}),
            ("Last-Event-ID is newer than since", "?since=1", {"Last-Event-ID": str(since)}),
            ("since with its epoch", f"?since={since}&epoch={hello['data']['epoch']}", {}),
        ):
            stream = server.events(f"/api/events{query}", headers=headers)
            stream.next()
            got = []
            while len(got) < len(logged):
                event = stream.next()
                got += event["data"].get("delta", [event])
            checks.equal(f"{what} resumes", got, logged)
            stream.close()
        stream = server.events(f"/api/events?since={since}&epoch=other")
        hello, gap = stream.next(), stream.next()
        checks.that("another epoch gives a gap", gap["event"] == "gap" and int(gap["id"]) == gap["data"]["to"] == hello["data"]["seq"], gap)
        self.change()
        checks.equal("after the gap the stream is live", stream.next()["event"], "session_update")
        stream.close()
        for value in ("x", "-1", ""):
            answer = server.open("GET", "/api/events", headers={"Last-Event-ID": value})
            wanted = 200 if value == "" else 400
            checks.equal(f"Last-Event-ID {value!r}: {wanted}", answer.status, wanted)
            answer.close()

    def web_socket(self):
        checks, server = self.checks, self.server
        socket = server.web_socket(subprotocol=f"bearer.{TOKEN}")
        checks.equal("the subprotocol is confirmed", (socket.status, socket.headers["sec-websocket-protocol"]), (101, f"bearer.{TOKEN}"))
        hello = socket.next()
        checks.that("the first message is hello", hello["type"] == "hello" and {"epoch", "seq", "version"} <= set(hello), hello)
        checks.equal("hello has the head", hello["seq"], self.daemon.head)
        socket.send(1, '{"type":"ping"}')
        checks.equal("a ping message is answered", socket.next(), {"type": "pong"})
        since = self.change(4)
        got = [socket.next() for _ in range(4)]
        checks.equal("every change is sent", [m["seq"] for m in got], list(range(since + 1, since + 5)))
        checks.equal("the changes are sent as logged", [d for m in got for d in m["delta"]], self.daemon.deltas(since))
        resumed = server.web_socket(f"/ws?since={since + 1}&epoch={hello['epoch']}")
        resumed.next()
        self.change(2)
        got = []
        while len(got) < 5:
            got += [d["seq"] for d in resumed.next().get("delta", [{"seq": "?"}])]
        checks.equal("missed changes come first, then live ones, without gap and repetition", got, list(range(since + 2, since + 7)))
        for what, query in (("beyond the head", f"since={since + 10_000}"), ("of another epoch", f"since={since}&epoch=other")):
            other = server.web_socket(f"/ws?{query}")
            hello, gap = other.next(), other.next()
            checks.that(f"a seq {what} gives a gap", gap["type"] == "gap" and {"from", "to"} <= set(gap) and gap["to"] == hello["seq"], gap)
            before = self.change()
            checks.equal(f"a seq {what}: later changes follow", other.next().get("seq"), before + 1)
            other.close()
        # Clients that connect during many changes miss nothing either.
        since = self.daemon.head
        writer = threading.Thread(target=self.change, args=(25,))
        writer.start()
        crowd = []
        while writer.is_alive():
            crowd.append(server.web_socket(f"/ws?since={since}"))
            time.sleep(0.05)
        writer.join()
        logged = [d["seq"] for d in self.daemon.deltas(since)]
        wrong = []
        for one in crowd:
            got = []
            while len(got) < len(logged):
                message = one.next()
                if message["type"] != "hello":
                    got += [d["seq"] for d in message.get("delta", [{"seq": message}])]
            if got != logged:
                wrong.append(got)
            one.close()
        checks.equal(f"{len(crowd)} clients that connected during {len(logged)} changes got each one once", wrong, [])
        socket.close(), resumed.close()

    def handshakes(self):
        checks, server = self.checks, self.server
        for what, options, status, error in (
            ("no token", dict(token=False), 401, "unauthorized"), ("a wrong token", dict(subprotocol="bearer.wrong-token-0123456789"), 401, "unauthorized"),
            ("another subprotocol", dict(subprotocol="chat"), 401, "unauthorized"),
            ("no upgrade", dict(headers={"Upgrade": None, "Connection": None}), 426, "upgrade_required"),
            ("another version", dict(headers={"Sec-WebSocket-Version": "8"}), 426, "upgrade_required"),
            ("no key", dict(headers={"Sec-WebSocket-Key": None}), 400, "invalid_request"), ("a key too short", dict(headers={"Sec-WebSocket-Key": "c2hvcnQ="}), 400, "invalid_request"),
            ("a faulty since", dict(target="/ws?since=x"), 400, "invalid_request"),
        ):
            socket = server.web_socket(**options)
            if checks.equal(f"{what}: {status}", socket.status, status):
                checks.status(f"{what}: plain HTTP", socket.answer, status, error)
            if status == 426:
                checks.equal(f"{what}: Upgrade", (socket.headers["upgrade"] or "").lower(), "websocket")
            socket.close()
        socket = server.web_socket(subprotocol=f"json, bearer.{TOKEN}")
        checks.equal("the token may be in a later subprotocol", (socket.status, socket.headers["sec-websocket-protocol"]), (101, f"bearer.{TOKEN}"))
        socket.close()

    def protocol(self):
        """RFC 6455 §5 and §7.4: the close codes for a client that breaks the protocol."""
        for what, frame, code in (
            ("64 KiB are taken", dict(opcode=1, payload=" " * (65536 - 15) + '{"type":"ping"}'), None),
            ("one byte more: 1009", dict(opcode=1, payload=" " * 65537), 1009), ("no UTF-8: 1007", dict(opcode=1, payload=b"\xff"), 1007),
            ("no mask: 1002", dict(opcode=1, payload="{}", mask=False), 1002), ("an unknown opcode: 1002", dict(opcode=3, payload=""), 1002),
            ("a reserved bit: 1002", dict(opcode=1, payload="{}", rsv=4), 1002), ("nothing to continue: 1002", dict(opcode=0, payload="x"), 1002),
            ("goodbye is answered", dict(opcode=8, payload=b"\x03\xe8"), 1000),
        ):
            socket = self.server.web_socket()
            socket.next()
            socket.send(**frame)
            if code:
                self.checks.equal(what, socket.drain(), code)
            else:
                self.checks.equal(what, socket.next(), {"type": "pong"})
            socket.close()
        socket = self.server.web_socket()
        socket.next()
        socket.send(9, b"are you there")
        self.checks.equal("a ping frame gets its pong", socket.frame(), (10, b"are you there"))
        socket.send(1, '{"type":', fin=False), socket.send(0, '"ping"}')
        self.checks.equal("a message in pieces is joined", socket.next(), {"type": "pong"})
        socket.send(1, "no JSON at all"), socket.send(1, '{"type":"unknown"}'), socket.send(1, '{"type":"ping"}')
        self.checks.equal("an unknown message is ignored", socket.next(), {"type": "pong"})
        socket.close()

    def activities(self):
        checks, server = self.checks, self.server
        followed, other = self.ids[0], self.ids[1]
        socket = server.web_socket(f"/ws?activities=1&session={followed}")
        stream = server.events("/api/events?activities=1")
        socket.next(), stream.next()
        for session in (other, followed):
            self.simulator.command(session, "progress", title="Half way")

        def learnt(following, session):
            while message := following.next():
                message = message.get("data", message)
                if message.get("type") == "activities" and message["sessionId"] == session:
                    return message
                if message.get("type") == "activities" and following is socket:
                    return message

        message = learnt(socket, followed)
        checks.that("a client gets the activities of the session that it follows, and of no other",
                    message and message["sessionId"] == followed and all("id" in a for a in message["activities"]), message)
        message = learnt(stream, followed)
        checks.that("a client that follows no session gets those of all", message, message)
        socket.close(), stream.close()

    def slow_reader(self):
        """A client that reads nothing is closed with 4002 or cut, and loses nothing when it comes back."""
        start = self.daemon.head
        socket = self.server.web_socket(receive_buffer=4096)
        hello = socket.next()
        quick = self.server.web_socket()
        quick.next()
        taken = []

        def read():
            while len(taken) < 16:
                taken.extend(d["seq"] for d in quick.next()["delta"])

        reader = threading.Thread(target=read)
        reader.start()
        for n in range(16):
            self.simulator.add(state="QUEUED", title=f"Large {n}", prompt="x" * 300_000)
        logged = until(lambda: (d := self.daemon.deltas(start)) and len(d) >= 16 and d, 40)
        reader.join(20)
        self.checks.equal("a fast client has every change", taken, [d["seq"] for d in logged])
        seq, got = hello["seq"], []
        try:
            while message := socket.next():
                got += [d["seq"] for d in message["delta"]]
        except (TypeError, OSError, ValueError):
            pass  # Cut in the middle of a message.
        self.checks.that("a client that does not read is disconnected", len(got) < len(logged) and socket.close_code in (None, 4002), got, socket.close_code)
        again = self.server.web_socket(f"/ws?since={got[-1] if got else seq}&epoch={hello['epoch']}")
        again.next()
        while len(got) < len(logged):
            got += [d["seq"] for d in again.next()["delta"]]
        self.checks.equal("that client has every change after it comes back", got, [d["seq"] for d in logged])
        socket.close(), again.close(), quick.close()
