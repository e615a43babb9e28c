# SPDX-License-Identifier: Apache-2.0
"""The feed by long poll, event stream and WebSocket: one order, one cursor, no gap and no twin."""
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
    # It has to say something within 15 s; the other checks take that long in any case.
    silent = daemon.server.events("/api/events", timeout=40)
    feed.long_poll()
    feed.event_stream()
    feed.web_socket()
    feed.handshakes()
    feed.protocol()
    feed.activities()
    while (event := silent.next()) and "comment" not in event:
        pass
    checks.that("an event stream speaks every 15 s", event)
    feed.slow_reader()
    socket, stream = daemon.server.web_socket(), daemon.server.events("/api/events")
    socket.next(), stream.next()
    daemon.stop()
    checks.equal("a WebSocket is told of the end", socket.drain(), 1012)
    checks.equal("an event stream ends", stream.next(), None)


class Feed:
    def __init__(self, checks, daemon, simulator, ids):
        self.checks, self.daemon, self.server, self.simulator, self.ids = checks, daemon, daemon.server, simulator, ids
        self.turn = 0

    def change(self, count=1):
        """Makes so many deltas and waits until they are logged; answers the seq before them."""
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
        checks.equal("seq is the head, nextSince the last", (page["seq"], page["nextSince"]), (start + 5, start + 5))
        for delta in page["deltas"][:1]:
            checks.that("a delta has its members", {"seq", "id", "changeType", "before", "after", "timestamp"} <= set(delta), delta)
            checks.that("its time is UTC in milliseconds", re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", delta["timestamp"]), delta)
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
        checks.equal("nothing is new at the head", self.poll(f"since={since}")["deltas"], [])
        checks.equal("without since it begins at the head", self.poll("")["deltas"], [])
        checks.that("no gap where nothing is gone", "gap" not in page, page)

        began = time.monotonic()
        page = self.poll(f"since={since}&wait=1")
        took = time.monotonic() - began
        checks.that("an idle poll waits and ends empty", page["deltas"] == [] and 0.9 <= took < 8, took, page)
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
            checks.that(f"{what} is a gap, at once", page.get("gap") and page["deltas"] == [], page)
            checks.equal(f"{what}: on from the head", (page["nextSince"], page["gap"]["to"]), (head, head), page)

    def event_stream(self):
        checks, server = self.checks, self.server
        stream = server.events("/api/events")
        head = {name.lower(): value for name, value in stream.response.getheaders()}
        checks.that("it is an event stream", head.get("content-type", "").startswith("text/event-stream"), head)
        checks.equal("nothing stores it", head.get("cache-control"), "no-store, no-transform")
        checks.equal("nginx is told not to buffer", head.get("x-accel-buffering"), "no")
        checks.that("it has a request id", head.get("x-request-id"))
        hello = stream.next()
        checks.that("hello comes first", hello["event"] == "hello" == hello["data"]["type"], hello)
        checks.that("with epoch, seq and version", {"epoch", "seq", "version"} <= set(hello["data"]), hello)
        since = self.change(3)
        got = [stream.next() for _ in range(3)]
        checks.equal("each change is an event", [e["event"] for e in got], ["session_update"] * 3)
        checks.equal("its id is its seq", [int(e["id"]) for e in got], [e["data"]["seq"] for e in got])
        checks.equal("seq is the last delta's", [e["data"]["seq"] for e in got], [e["data"]["delta"][-1]["seq"] for e in got])
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
        checks.that("another epoch is a gap", gap["event"] == "gap" and int(gap["id"]) == gap["data"]["to"] == hello["data"]["seq"], gap)
        self.change()
        checks.equal("then it is live", stream.next()["event"], "session_update")
        stream.close()
        for value in ("x", "-1", ""):
            answer = server.open("GET", "/api/events", headers={"Last-Event-ID": value})
            wanted = 200 if value == "" else 400
            checks.equal(f"Last-Event-ID {value!r}: {wanted}", answer.status, wanted)
            answer.close()

    def web_socket(self):
        checks, server = self.checks, self.server
        socket = server.web_socket(subprotocol=f"bearer.{TOKEN}")
        checks.equal("the subprotocol is answered", (socket.status, socket.headers["sec-websocket-protocol"]), (101, f"bearer.{TOKEN}"))
        hello = socket.next()
        checks.that("hello comes first", hello["type"] == "hello" and {"epoch", "seq", "version"} <= set(hello), hello)
        checks.equal("it names the head", hello["seq"], self.daemon.head)
        socket.send(1, '{"type":"ping"}')
        checks.equal("a ping is answered", socket.next(), {"type": "pong"})
        since = self.change(4)
        got = [socket.next() for _ in range(4)]
        checks.equal("each change comes", [m["seq"] for m in got], list(range(since + 1, since + 5)))
        checks.equal("as it is logged", [d for m in got for d in m["delta"]], self.daemon.deltas(since))
        resumed = server.web_socket(f"/ws?since={since + 1}&epoch={hello['epoch']}")
        resumed.next()
        self.change(2)
        got = []
        while len(got) < 5:
            got += [d["seq"] for d in resumed.next().get("delta", [{"seq": "?"}])]
        checks.equal("what was missed, then live, without gap and twin", got, list(range(since + 2, since + 7)))
        for what, query in (("beyond the head", f"since={since + 10_000}"), ("of another epoch", f"since={since}&epoch=other")):
            other = server.web_socket(f"/ws?{query}")
            hello, gap = other.next(), other.next()
            checks.that(f"a seq {what} is a gap", gap["type"] == "gap" and {"from", "to"} <= set(gap) and gap["to"] == hello["seq"], gap)
            before = self.change()
            checks.equal(f"a seq {what}: live from then on", other.next().get("seq"), before + 1)
            other.close()
        # Clients that come while much is going on miss nothing either.
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
        checks.equal(f"{len(crowd)} that came amid {len(logged)} changes saw each once", wrong, [])
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
        checks.equal("the token may stand behind others", (socket.status, socket.headers["sec-websocket-protocol"]), (101, f"bearer.{TOKEN}"))
        socket.close()

    def protocol(self):
        """RFC 6455 §5 and §7.4: what a broken client is told."""
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
        self.checks.equal("a message in pieces is one", socket.next(), {"type": "pong"})
        socket.send(1, "no JSON at all"), socket.send(1, '{"type":"unknown"}'), socket.send(1, '{"type":"ping"}')
        self.checks.equal("what we do not know is ignored", socket.next(), {"type": "pong"})
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
        checks.that("a client learns of the session that it follows, and of no other",
                    message and message["sessionId"] == followed and all("id" in a for a in message["activities"]), message)
        message = learnt(stream, followed)
        checks.that("or of all", message, message)
        socket.close(), stream.close()

    def slow_reader(self):
        """Close 4002 or a cut, and nothing lost for a client that comes back."""
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
        self.checks.equal("a quick client has everything", taken, [d["seq"] for d in logged])
        seq, got = hello["seq"], []
        try:
            while message := socket.next():
                got += [d["seq"] for d in message["delta"]]
        except (TypeError, OSError, ValueError):
            pass  # Cut within a message.
        self.checks.that("a client that does not read is let go", len(got) < len(logged) and socket.close_code in (None, 4002), got, socket.close_code)
        again = self.server.web_socket(f"/ws?since={got[-1] if got else seq}&epoch={hello['epoch']}")
        again.next()
        while len(got) < len(logged):
            got += [d["seq"] for d in again.next()["delta"]]
        self.checks.equal("and loses nothing when it comes back", got, [d["seq"] for d in logged])
        socket.close(), again.close(), quick.close()
