# SPDX-License-Identifier: Apache-2.0
"""Too large input: lines, fields, bodies, nesting, numbers and names."""
import select
import socket
import time

from checks import until
from hostile.bystander import Bystander
from hostile.framing import HOST, refused, statuses
from programs import Daemon, Simulator
from wire import Server

JSON_TYPE = {"Content-Type": "application/json"}


def run(checks):
    simulator = Simulator()
    daemon = Daemon(simulator)
    bystander = Bystander(daemon, simulator)
    heads(checks, daemon.server)
    strangers(checks, daemon)
    bystander.unharmed(checks, "oversized requests")
    bodies(checks, daemon.server, simulator)
    queries(checks, daemon.server)
    pipelines(checks, daemon)
    half_closed(checks, daemon)
    bystander.unharmed(checks, "oversized bodies")
    bystander.leave()
    daemon.stop()


def heads(checks, server):
    line = b"GET /healthz HTTP/1.1\r\n" + HOST
    for name, data, status in (
        ("a target of 9 kB", b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        ("a query of 9 kB", b"GET /healthz?" + b"x" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        ("a target without an end", b"GET /" + b"x" * 200_000, 431), ("a field of 40 kB", line + b"X: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        ("a name of 40 kB", line + b"x" * 40_000 + b": y\r\n\r\n", 431), ("a field without an end", line + b"X: " + b"x" * 200_000, 431),
        ("fields of 40 kB together", line + b"".join(b"X%d: %s\r\n" % (n, b"x" * 400) for n in range(100)) + b"\r\n", 431),
        ("200 fields", line + b"X: y\r\n" * 200 + b"\r\n", 431), ("fields without an end", line + b"X: y\r\n" * 50_000, 431),
        ("a cookie of 40 kB", line + b"Cookie: " + b"a=b;" * 10_000 + b"\r\n\r\n", 431),
    ):
        refused(checks, name, server, data, status)
    data = server.raw(line + b"X: y\r\n" * 100 + b"Connection: close\r\n\r\n")
    checks.equal("100 fields are accepted", statuses(data), [200], data[:300])
    data = server.raw(b"GET /healthz?" + b"x" * 8000 + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    checks.equal("a target of 8 kB is accepted", statuses(data), [200], data[:300])
    answer = server.post("/api/sessions", b"x" * (1 << 20) + b"x", headers=JSON_TYPE)
    checks.status("a body beyond 1 MiB", answer, 413, "body_too_large")
    start = b"POST /api/sessions HTTP/1.1\r\n" + HOST + f"Authorization: Bearer {server.token}\r\n".encode()
    refused(checks, "a body said to be a petabyte", server, start + b"Content-Length: 1125899906842624\r\n\r\n", 413)
    refused(checks, "chunks without an end", server, start + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 40, 413)
    refused(checks, "small chunks without an end", server, start + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1_100_000, 413)
    refused(checks, "one chunk said to be a terabyte", server, start + b"Transfer-Encoding: chunked\r\n\r\n10000000000\r\n" + b"x" * (2 << 20), 413)


def pipelines(checks, daemon):
    """Pipelined requests from strangers who read no answers wait as bytes and not as objects."""
    grow = b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 30_000 + b"\r\n\r\n"
    flood = grow * 3 + (b"GET /metrics HTTP/1.1\r\n" + HOST + b"\r\n") * 60 + b"GET / HTTP/1.1\r\nHost:\r\n\r\n" * 10_000
    before = resident(daemon)
    sockets = []
    for _ in range(60):
        connection = socket.create_connection(("127.0.0.1", daemon.port))
        connection.setblocking(False)
        sockets.append([connection, flood])
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(rest for _, rest in sockets):
        _, writable, _ = select.select([], [s for s, rest in sockets if rest], [], 0.5)
        if not writable:
            break
        for entry in sockets:
            if entry[0] in writable:
                try:
                    entry[1] = entry[1][entry[0].send(entry[1][:65536]):]
                except OSError:
                    entry[1] = b""
    grown = resident(daemon) - before
    checks.that("60 floods of pipelined requests take less than 60 MB", grown < 60 << 20, f"grown by {grown >> 20} MB")
    for connection, _ in sockets:
        connection.close()


def half_closed(checks, daemon):
    """Input that strangers sent before they closed their sending side is read at once, and limited in size."""
    # As much as fits into the first window of a connection, so that the end arrives too.
    flood = (b"GET /metrics HTTP/1.1\r\n" + HOST + b"\r\n") * 1_500
    before = resident(daemon)
    kept = []
    for _ in range(300):
        connection = daemon.server.dial()
        connection.sendall(flood)
        connection.shutdown(socket.SHUT_WR)
        kept.append(connection)
    checks.that("the daemon sees that the clients have closed their sides", until(lambda: half_closed_sockets(daemon) > 250), half_closed_sockets(daemon))
    grown = resident(daemon) - before
    checks.that("300 of them take less than 60 MB", grown < 60 << 20, f"grown by {grown >> 20} MB")
    for connection in kept:
        connection.close()


def half_closed_sockets(daemon):
    """The number of clients that have closed their sending side: sockets in CLOSE_WAIT (proc(5), /proc/net/tcp)."""
    port = f":{daemon.port:04X}"
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return sum(row[1].endswith(port) and row[3] == "08" for row in rows)


def resident(daemon):
    """The memory of the daemon in bytes (VmRSS, proc_pid_status(5))."""
    with open(f"/proc/{daemon.process.pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS:"))


def strangers(checks, daemon):
    """The body of a client without the token is neither waited for nor kept."""
    stranger = Server(daemon.port)
    for name, fields in (("a length", b"Content-Length: 1000000\r\n"), ("chunks", b"Transfer-Encoding: chunked\r\n"),
                         ("a length and 100-continue", b"Content-Length: 1000000\r\nExpect: 100-continue\r\n")):
        for token, status in (("", 401), ("Authorization: Bearer wrong-token-0123456789\r\n", 401)):
            data = b"POST /api/sessions HTTP/1.1\r\n" + HOST + token.encode() + fields + b"\r\n"
            refused(checks, f"a body of a stranger, announced by {name}{' and a wrong token' if token else ''}", stranger, data, status)
    for path, status in (("/healthz", 405), ("/metrics", 405), ("/nothing", 404)):
        refused(checks, f"a body for {path}", stranger, f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".encode(), status)


def bodies(checks, server, simulator):
    create = "/api/sessions"
    known = simulator.control("/sessions")["sessions"][0]["id"]
    before = len(simulator.control("/sessions")["sessions"])

    def post(body, path=create):
        return server.post(path, body, headers=JSON_TYPE)

    deep = {"arrays": "[" * 200_000 + "]" * 200_000, "objects": '{"a":' * 100_000 + "1" + "}" * 100_000, "an unfinished array": "[" * 1_000_000,
            "arrays in a field": '{"prompt":"x","sourceContext":{"a":' + "[" * 200_000 + "]" * 200_000 + "}}"}
    for name, body in deep.items():
        checks.status(f"deep {name}: 400", post(body), 400, "invalid_request")
    for number in ("1e999999999", "-1E+999999999", "9" * 100_000, "0." + "1" * 100_000, "1" + "0" * 400, "-0", "1e-999999999"):
        checks.status(f"the number {number[:14]} for a text: 400", post('{"prompt":%s}' % number), 400, "invalid_request")
        checks.status(f"the number {number[:14]} for a truth value: 400", post('{"prompt":"x","requirePlanApproval":%s}' % number), 400, "invalid_request")
    for word in ("NaN", "Infinity", "-Infinity", "+1", "01", "1.", ".5", "0x10", "1e", "tru", "'x'", "undefined"):
        checks.status(f"{word} is no JSON: 400", post('{"prompt":%s}' % word), 400, "invalid_request")
    for name, body in (
        ("a lone surrogate", '{"prompt":"\\ud800"}'), ("a cut escape", '{"prompt":"\\u12"}'), ("overlong UTF-8", b'{"prompt":"\xc0\xaf"}'),
        ("a surrogate in UTF-8", b'{"prompt":"\xed\xa0\x80"}'), ("beyond Unicode", b'{"prompt":"\xf4\x90\x80\x80"}'), ("UTF-16", '{"prompt":"x"}'.encode("utf-16")),
        ("a comment", '{"prompt":"x"/**/}'), ("a comma at the end", '{"prompt":"x",}'), ("two values", '{"prompt":"x"}{"prompt":"y"}'), ("a NUL behind", '{"prompt":"x"}\0'),
    ):
        answer = post(body)
        # JSON allows the escape of a lone surrogate, and Unicode does not. It may be replaced, but not kept.
        if name != "a lone surrogate":
            checks.status(f"{name}: 400", answer, 400, "invalid_request")
        else:
            checks.that(f"{name} does not cause a server error", answer.status < 500, answer)
            before += answer.status == 201
    for name, body, path, field in (
        ("the prompt twice", '{"prompt":"good","prompt":"evil"}', create, "prompt"),
        ("the prompt twice, once escaped", '{"prompt":"good","\\u0070rompt":"evil"}', create, "prompt"),
        ("the message twice", '{"message":"good","message":"evil"}', f"{create}/{known}/message", "message"),
        ("the state twice", '{"state":"approved","state":"rejected"}', f"{create}/{known}/approve", "state"),
    ):
        answer = post(body, path)
        checks.status(f"{name}: 400", answer, 400, "invalid_request")
        checks.that(f"{name}: the field is named", field in {entry["field"] for entry in (answer.json or {}).get("details", [])}, answer)
    answer = post("{" + ",".join(f'"f{n}":1' for n in range(80_000)) + "}")
    checks.status("80,000 unknown fields: 400", answer, 400, "invalid_request")
    checks.that("the answer is not large", len(answer.body) < 20_000, len(answer.body))
    answer = post('{"' + "x" * 1_000_000 + '":1}')
    checks.status("a name of a megabyte: 400", answer, 400, "invalid_request")
    checks.that("the name is not repeated in full", len(answer.body) < 20_000, len(answer.body))
    answer = post('{"a\\r\\nX-Injected: 1":1}')
    checks.status("a name with a line end: 400", answer, 400, "invalid_request")
    checks.equal("the name adds no header field", answer.header("x-injected"), None)
    answer = post('{"prompt":"x","automationMode":"\\u0000","title":"\\u001b[31m\\r\\nred"}')
    checks.that("control characters in texts do not cause a server error", answer.status < 500, answer)
    before += answer.status == 201
    checks.equal("only requests that were answered so created something", len(simulator.control("/sessions")["sessions"]), before)


def queries(checks, server):
    for name, query in (
        ("a long q", "q=" + "_" * 8000), ("q of wild cards", "q=" + "%25_" * 1500), ("q with quotes", "q='%20OR%201=1--"), ("q with a NUL", "q=%00"),
        ("2,000 states", "state=" + ",".join(f"S{n}" for n in range(1500))), ("a repository with quotes", "repo='%3bDROP%20TABLE%20session%3b--"),
    ):
        answer = server.get(f"/api/sessions?{query}")
        checks.equal(f"{name} finds nothing and does no harm", (answer.status, (answer.json or {}).get("sessions")), (200, []), answer)
    answer = server.get("/api/sessions?" + "&".join(f"a{n}" for n in range(1500)))
    checks.status("1,500 unknown parameters: 400", answer, 400, "invalid_request")
    checks.that("the answer is not large", len(answer.body) < 20_000, len(answer.body))
    for query in ("limit=1e3", "limit=0x10", "limit=%2b1", "limit=١", "cursor=%00", "cursor=9999999999999999999999.x", "cursor=%ff", "archived=1%00"):
        answer = server.get("/api/sessions?" + query.replace("١", "%D9%A1"))
        checks.that(f"{query}: no server error", answer.status in (200, 400), answer)
    checks.status("too many sessions to follow: 400", server.get("/api/events?activities=1" + "&session=x" * 21), 400, "invalid_request")
    checks.that("the store still answers", isinstance(server.get("/api/sessions").json["sessions"], list))
