# SPDX-License-Identifier: Apache-2.0
"""A thousand agents that wait at the same time, restarts during a wait, MCP=read and off, and the limit of subscriptions."""
import json
import select
import signal
import socket
import time

from checks import until
from programs import TOKEN, Daemon, Simulator, free_port

PREFIX = "io.modelcontextprotocol/"
META = {f"{PREFIX}protocolVersion": "2026-07-28", f"{PREFIX}clientCapabilities": {}}
WAITS = 1000


def message(method, id=1, **params):
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def call(name, **arguments):
    return message("tools/call", name=name, arguments=arguments)


class Stream:
    """One request that is answered with an event stream, and what has arrived of it."""

    def __init__(self, port, body, *fields):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        body = json.dumps(body).encode()
        head = ["POST /mcp HTTP/1.1", "Host: test", f"Authorization: Bearer {TOKEN}", "Content-Type: application/json",
                "Accept: text/event-stream", f"Content-Length: {len(body)}", *fields, "", ""]
        self.socket.sendall("\r\n".join(head).encode() + body)
        self.received = b""
        self.hasEnded = False

    def read(self):
        """Takes what has arrived."""
        while not self.hasEnded and select.select([self.socket], [], [], 0)[0]:
            try:
                part = self.socket.recv(65536)
            except OSError:
                part = b""
            self.received += part
            self.hasEnded = not part
        return self

    @property
    def messages(self):
        lines = self.read().received.decode(errors="replace").split("\n")
        return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]

    @property
    def answer(self):
        return next((m for m in self.messages if "method" not in m), None)

    def close(self):
        self.socket.close()


def listen(port, *uris):
    return Stream(port, message("subscriptions/listen", "s", notifications={"resourceSubscriptions": list(uris)}, _meta=META),
                  "MCP-Protocol-Version: 2026-07-28", "Mcp-Method: subscriptions/listen")


def run(checks):
    simulator = Simulator()
    session = simulator.add(state="IN_PROGRESS")
    daemon = Daemon(simulator, PERSIST=1, PORT=free_port())
    until(lambda: daemon.sessions())
    many(checks, simulator, daemon, session)
    daemon = restarts(checks, simulator, daemon)
    subscriptions(checks, simulator, daemon)
    daemon = access(checks, simulator, daemon)
    daemon.stop()


def memory(daemon):
    """The private memory of the process in KiB."""
    with open(f"/proc/{daemon.process.pid}/smaps_rollup") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_"))


def many(checks, simulator, daemon, session):
    # The first ones load code and pools that all later ones share.
    for stream in [Stream(daemon.port, call("wait_for_attention", timeout_seconds=0)) for _ in range(50)]:
        until(lambda: stream.answer)
        stream.close()
    feed = daemon.server.post("/mcp", call("list_attention")).json["result"]["content"][0]["text"]
    feed = json.loads(feed)["feed"]
    before = memory(daemon)
    streams = [Stream(daemon.port, {**call("wait_for_attention", feed=feed, timeout_seconds=50), "id": number}) for number in range(WAITS)]
    begun = until(lambda: all(b"text/event-stream" in stream.read().received for stream in streams))
    checks.that(f"{WAITS} waits at once all get the start of an answer", begun)
    each = (memory(daemon) - before) / WAITS
    print(f"      a wait takes {each:.1f} KiB", flush=True)
    checks.that("a wait takes less than 64 KiB", each < 64, each)
    checks.equal("the daemon answers other requests meanwhile", daemon.server.post("/mcp", message("ping")).status, 200)
    began = time.monotonic()
    simulator.command(session, "ask", text="Which way?")
    checks.that("all waits end", until(lambda: all(stream.read().hasEnded for stream in streams), 50), sum(not s.hasEnded for s in streams))
    print(f"      all were told in {time.monotonic() - began:.2f} s", flush=True)
    texts = [json.loads(stream.answer["result"]["content"][0]["text"]) for stream in streams if stream.answer]
    told = [text for text in texts if [(i["id"], i["why"]) for i in text["items"]] == [(session, "question")]]
    checks.equal("each wait reports the question with its own id", (len(told), [s.answer["id"] for s in streams if s.answer]), (WAITS, list(range(WAITS))))
    for stream in streams:
        stream.close()


def restarts(checks, simulator, daemon):
    settings = {"PERSIST": 1, "PORT": daemon.port, "DATA_DIR": daemon.folder}
    for order, name in ((signal.SIGTERM, "stops"), (signal.SIGKILL, "is killed")):
        feed = json.loads(daemon.server.post("/mcp", call("list_attention")).json["result"]["content"][0]["text"])["feed"]
        stream = Stream(daemon.port, call("wait_for_attention", feed=feed, timeout_seconds=50))
        until(lambda: b"\r\n\r\n" in stream.read().received)
        daemon.stop(order)
        checks.that(f"a wait ends when the daemon {name}", until(lambda: stream.read().hasEnded))
        if order == signal.SIGTERM:
            text = json.loads(stream.answer["result"]["content"][0]["text"]) if stream.answer else {}
            checks.that("a daemon that stops answers its waits with the feed to continue from", text.get("timed_out") and text.get("feed") == feed, stream.received)
        asked = simulator.add(state="AWAITING_USER_FEEDBACK")
        daemon = Daemon(simulator, **settings)
        answer = daemon.server.post("/mcp", call("wait_for_attention", feed=feed, timeout_seconds=50), timeout=60).json
        data = json.loads(answer["result"]["content"][0]["text"])
        checks.equal(f"after the daemon {name}, the next one reports with the same feed what happened meanwhile",
                     ([i["id"] for i in data["items"]], data["resync"]), ([asked], False))
    return daemon


def subscriptions(checks, simulator, daemon):
    streams = [listen(daemon.port, "julesd://attention") for _ in range(100)]
    acknowledged = until(lambda: all(stream.messages for stream in streams))
    checks.that("100 subscriptions are acknowledged", acknowledged and all(
        stream.messages[0]["method"] == "notifications/subscriptions/acknowledged" for stream in streams))
    further = listen(daemon.port, "julesd://attention")
    checks.that("the next subscription is refused", until(lambda: further.answer) and "100 subscriptions" in further.answer["error"]["message"], further.received)
    streams[0].close()

    def again():
        stream = listen(daemon.port, "julesd://attention")
        until(lambda: stream.messages)
        return stream if "method" in stream.messages[0] else stream.close()

    fresh = until(again)
    checks.that("after one has ended there is room again", fresh)
    simulator.add(state="AWAITING_USER_FEEDBACK")
    streams = [*streams[1:], *([fresh] if fresh else [])]
    checks.that("all subscribers are told that the resource has changed", until(lambda: all(
        [m.get("method") for m in stream.messages][1:2] == ["notifications/resources/updated"] for stream in streams), 40))
    for stream in streams:
        stream.close()


def access(checks, simulator, daemon):
    for value, tools in (("read", 10), ("off", None), ("full", 14)):
        daemon.stop()
        daemon = Daemon(simulator, PERSIST=1, DATA_DIR=daemon.folder, MCP=value)
        answer = daemon.server.post("/mcp", message("tools/list"))
        if tools is None:
            checks.status("MCP=off: the address does not exist", answer, 404, "not_found")
            checks.equal("MCP=off: it does not exist for other methods", daemon.server.get("/mcp").status in (404, 405), True)
        else:
            checks.equal(f"MCP={value}: the number of tools is right", len(answer.json["result"]["tools"]), tools)
            for name in ("approve_plan", "send_message", "create_session", "archive_session"):
                refused = daemon.server.post("/mcp", call(name)).json
                known = "result" in refused and refused["result"]["isError"]
                checks.equal(f"MCP={value}: {name} is {'known' if tools == 14 else 'unknown'}", known, tools == 14, refused)
    return daemon
