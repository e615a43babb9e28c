# SPDX-License-Identifier: Apache-2.0
"""Slow clients: with a header, a body, a handshake, an answer or a stream."""
import json
import socket
import threading
import time

from checks import until
from hostile.bystander import Bystander
from hostile.framing import statuses
from programs import Daemon, Simulator

CROWD = 100


def run(checks):
    simulator = Simulator()
    daemon = Daemon(simulator, HEADER_TIMEOUT="400ms", BODY_TIMEOUT="400ms", WRITE_TIMEOUT="400ms", IDLE_TIMEOUT="1s")
    bystander = Bystander(daemon, simulator)
    requests(checks, daemon)
    bystander.unharmed(checks, "slowloris")
    bystander.leave()
    daemon.stop()
    readers(checks, simulator)
    simulator.stop()
    streams(checks)


def received(connection):
    """Everything received until the end; `None` if the connection is still open after the timeout."""
    data = b""
    try:
        while chunk := connection.recv(65536):
            data += chunk
    except ConnectionError:
        pass
    except TimeoutError:
        return None  # Still open.
    return data


def drip(connection, data):
    """Sends byte by byte until all is sent or the daemon closes the connection."""
    def run():
        try:
            for byte in data:
                connection.send(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            pass
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def requests(checks, daemon):
    server = daemon.server
    bearer = f"Authorization: Bearer {daemon.token}\r\n".encode()
    post = b"POST /api/sessions HTTP/1.1\r\nHost: x\r\n" + bearer + b"Content-Type: application/json\r\n"
    first = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    endless = b"X-Drip: " + b"x" * 2000
    handshake = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + bearer + b"Sec-WebSocket-Key: "
    for name, begin, rest, wanted in (
        ("half a request line", b"GE", b"", [408]), ("half a header", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow", b"", [408]),
        ("a header that drips", b"GET /healthz HTTP/1.1\r\n", endless, [408]), ("a handshake that drips", handshake, endless, [408]),
        ("half a body", post + b"Content-Length: 100\r\n\r\n{", b"", [408]), ("a body that drips", post + b"Content-Length: 10000\r\n\r\n", b"x" * 2000, [408]),
        ("chunks that drip", post + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 300, [408]),
        ("half a chunk", post + b"Transfer-Encoding: chunked\r\n\r\n5\r\nx", b"", [408]),
        ("a trailer that drips", post + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", endless, [408]),
        ("a body never sent after 100-continue", post + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", b"", [100, 408]),
        ("a second header that drips", first, b"GET /healthz HTTP/1.1\r\n" + endless, [200, 408]), ("nothing at all", b"", b"", []), ("nothing after a request", first, b"", [200]),
        ("empty lines without an end", b"", b"\r\n" * 1000, [408]),
    ):
        with server.dial(20) as connection:
            connection.sendall(begin)
            thread = drip(connection, rest)
            data = received(connection)
            if checks.that(f"{name}: the connection is closed", data is not None):
                checks.equal(f"{name}: answered {wanted}", statuses(data), wanted, data[:500])
                if 408 in wanted:
                    body = json.loads(data[data.rindex(b"\r\n\r\n"):] or b"{}")
                    checks.that(f"{name}: the answer has the standard form", body.get("error") == "request_timeout" and body.get("message") and body.get("requestId"), data[:500])
        thread.join(20)
    crowd = [server.dial(20) for _ in range(CROWD)]
    for number, connection in enumerate(crowd):
        connection.sendall((b"GET /healthz HTTP/1.1\r\nX: ", post + b"Content-Length: 9\r\n\r\n", handshake)[number % 3])
    answers = [statuses(received(connection) or b"") for connection in crowd]
    checks.equal(f"{CROWD} slow clients at once are each answered 408", answers, [[408]] * CROWD)
    for connection in crowd:
        connection.close()


def sip(daemon, data):
    """A client with a small window that reads nothing of its answer yet."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", daemon.port))
    connection.sendall(data)
    return connection


def sipped(connection, size=64):
    """Reads `size` bytes. Returns whether the daemon has reset the connection."""
    try:
        while size > 0 and (chunk := connection.recv(min(size, 65536))):
            size -= len(chunk)
        return False
    except ConnectionResetError:
        return True


def readers(checks, simulator):
    """Large answers that nobody reads. Their memory is released."""
    known = [simulator.add(state="IN_PROGRESS", title=f"big {n}", prompt="x" * 60_000) for n in range(110)]
    daemon = Daemon(simulator, WRITE_TIMEOUT="400ms", POLL_INTERVAL="2s")
    bystander = Bystander(daemon, simulator)
    until(lambda: len(daemon.sessions("?limit=500")) >= len(known))
    request = f"GET /api/sessions?limit=500 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {daemon.token}\r\n\r\n".encode()
    before = open_sockets(daemon)
    crowd = [sip(daemon, request) for _ in range(10)] + [sip(daemon, request * 20) for _ in range(3)]
    checks.that("clients with large answers are connected", until(lambda: open_sockets(daemon) >= before + 13), open_sockets(daemon))
    checks.that("clients that read nothing are cut", until(lambda: open_sockets(daemon) <= before, 30), before, open_sockets(daemon))
    for connection in crowd:
        connection.close()
    sipper = sip(daemon, request)
    checks.that("a client that reads very little is cut too", until(lambda: (sipped(sipper), open_sockets(daemon) <= before)[1], 30), before, open_sockets(daemon))
    checks.that("what the kernel held for it is dropped", sipped(sipper, 10_000_000))
    sipper.close()
    steady = daemon.server.get("/api/sessions?limit=500", timeout=60)
    checks.that("a client that reads gets the whole answer", steady.status == 200 and len(steady.body) > 6_000_000, steady.status, len(steady.body))
    bystander.unharmed(checks, "slow readers")
    bystander.leave()
    daemon.stop()


def streams(checks):
    """Feeds that nobody reads."""
    simulator = Simulator()
    known = [simulator.add(state="IN_PROGRESS", title=f"big {n}", prompt="x" * 60_000) for n in range(10)]
    daemon = Daemon(simulator)
    bystander = Bystander(daemon, simulator)
    before = open_sockets(daemon)
    fields = f"Host: x\r\nAuthorization: Bearer {daemon.token}\r\n"
    handshake = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    crowd = [sip(daemon, f"GET /api/events HTTP/1.1\r\n{fields}\r\n".encode()) for _ in range(3)]
    crowd += [sip(daemon, f"GET /ws HTTP/1.1\r\n{fields}{handshake}\r\n".encode()) for _ in range(3)]
    checks.that("clients that read no feed are connected", until(lambda: open_sockets(daemon) >= before + 6), open_sockets(daemon))
    for label in range(4):
        for session in known:
            simulator.command(session, "state", state=f"FLOOD_{label}")
        until(lambda: all(s["state"] == f"FLOOD_{label}" for s in daemon.sessions() if s["id"] in known))
    checks.that("all of them are closed because of their backlog", until(lambda: backlog(daemon) == 6), backlog(daemon))
    checks.that("and cut", until(lambda: open_sockets(daemon) <= before), before, open_sockets(daemon))
    for connection in crowd:
        connection.close()
    bystander.unharmed(checks, "feeds that are not read")
    bystander.leave()
    daemon.stop()


def backlog(daemon):
    text = daemon.server.get("/metrics", token=False).body.decode()
    return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith('julesd_errors_total{type="backpressure"')), 0)


def open_sockets(daemon):
    """The number of client connections that the daemon holds: those on its port with a process (proc(5), /proc/net/tcp)."""
    port = f":{daemon.port:04X}"
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return sum(row[1].endswith(port) and row[3] != "0A" and row[9] != "0" for row in rows)
