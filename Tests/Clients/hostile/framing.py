# SPDX-License-Identifier: Apache-2.0
"""Requests that two parsers might read differently (RFC 9112), and targets that might avoid the token."""
import json
import re

from checks import until
from hostile.bystander import Bystander
from programs import Daemon, Simulator

HOST = b"Host: x\r\n"
SECRET = "what only the token shows"


def run(checks):
    simulator = Simulator()
    daemon = Daemon(simulator)
    bystander = Bystander(daemon, simulator)
    simulator.add(state="IN_PROGRESS", title=SECRET)
    until(lambda: len(daemon.sessions()) == 2)
    targets(checks, daemon.server)
    smuggling(checks, daemon.server)
    chunks(checks, daemon.server)
    heads(checks, daemon.server)
    methods(checks, daemon.server)
    pipelines(checks, daemon.server)
    bystander.unharmed(checks, "malformed requests")
    bystander.leave()
    daemon.stop()


def statuses(data):
    return [int(code) for code in re.findall(rb"(?:^|\n|\}|\])HTTP/1\.1 (\d{3}) ", data)]


def refused(checks, name, server, data, status):
    """Checks that there is one answer, an error in the standard form, and that the connection then closes."""
    received = server.raw(data)
    checks.equal(f"{name}: {status} and no more", statuses(received), [status], received[:600])
    head, _, body = received.partition(b"\r\n\r\n")
    try:
        error = json.loads(body)
    except ValueError:
        error = {}
    checks.that(f"{name}: the standard error, then the connection closes",
                error.get("error") and error.get("message") and error.get("requestId") and b"\r\nconnection: close" in head.lower(), received[:600])


def targets(checks, server):
    bearer = f"Authorization: Bearer {server.token}\r\n".encode()
    for path in ("/api/sessions", "/api/deltas?since=0", "/ws"):
        path = path.encode()
        for target in (b"*" + path, b"*/" + path, b"*:/" + path, b"*://x" + path, b"x" + path, b"." + path, b"?" + path, b"#" + path,
                       b"http:" + path, b"ftp://x" + path, b"file://" + path, b"javascript:" + path, b"x:80" + path, b"\\" + path):
            data = server.raw(b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
            checks.equal(f"{target.decode()} leads nowhere", statuses(data), [400], data[:300])
        for target in (b"/" + path, b"/." + path, b"/x/.." + path, b"/healthz/.." + path, b"/%2e" + path, b"/" + path[1:].replace(b"a", b"%61").replace(b"w", b"%77"),
                       b"/healthz;" + path, b"/healthz%2f.." + path, b"/metrics#" + path, path.replace(b"?", b"%3f") + b"%20", b"/%5c" + path):
            data = server.raw(b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
            checks.that(f"{target.decode()} shows nothing without the token", statuses(data) in ([404], [401], [400]), data[:300])
            checks.that(f"{target.decode()}: no secret in the answer", SECRET.encode() not in data)
        absolute = server.raw(b"GET http://other.example" + path + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        checks.equal(f"{path.decode()} in absolute form needs its token", statuses(absolute), [401], absolute[:300])
    for scheme in (b"http", b"HTTP", b"https"):
        data = server.raw(b"GET " + scheme + b"://x/api/sessions HTTP/1.1\r\n" + HOST + bearer + b"Connection: close\r\n\r\n")
        checks.equal(f"the absolute form {scheme.decode()}:// is accepted", statuses(data), [200], data[:300])
    for path in ("/../../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/../../etc/shadow", "/%00/etc/passwd", "/etc/passwd%00.html",
                 "/....//etc/passwd", "/file:///etc/passwd", "/%c0%ae%c0%ae/etc/passwd"):
        data = server.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        checks.equal(f"{path}: 404", statuses(data), [404], data[:300])
    for identity in ("..", "..%2f..", "%2e%2e%2fsources", "..%5c..", "%00", "a%0d%0aX-Injected:%201", ".%2e", "x%3fy", "%2e%2e%2f%2e%2e%2fv1alpha%2fsessions"):
        for query in ("", "?refresh=1"):
            answer = server.get(f"/api/sessions/{identity}{query}")
            checks.status(f"session {identity}{query} is none", answer, 404, "not_found")
            checks.equal(f"session {identity}{query} adds no field", answer.header("x-injected"), None)


def smuggling(checks, server):
    bearer = f"Authorization: Bearer {server.token}\r\n".encode()
    start = b"POST /api/sessions HTTP/1.1\r\n" + HOST + bearer + b"Content-Type: application/json\r\n"
    second = b"GET /healthz HTTP/1.1\r\nHost: smuggled\r\n\r\n"
    chunked = b"0\r\n\r\n"
    for name, fields, body, status in (
        ("a length and chunks", b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", chunked, 400),
        ("chunks and a length", b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", chunked, 400),
        ("chunks and the length 0", b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", chunked, 400),
        ("two lengths", b"Content-Length: 2\r\nContent-Length: 3\r\n", b"{}", 400),
        ("twice the same length", b"Content-Length: 2\r\nContent-Length: 2\r\n", b"{}", 400),
        ("a list of lengths", b"Content-Length: 2, 2\r\n", b"{}", 400),
        ("a signed length", b"Content-Length: +2\r\n", b"{}", 400),
        ("a negative length", b"Content-Length: -2\r\n", b"{}", 400),
        ("a hexadecimal length", b"Content-Length: 0x2\r\n", b"{}", 400),
        ("a length with a fraction", b"Content-Length: 2.0\r\n", b"{}", 400),
        ("an empty length", b"Content-Length: \r\n", b"{}", 400),
        ("a length beyond 64 bits", b"Content-Length: 18446744073709551618\r\n", b"{}", 400),
        ("a length after a folded line", b"X: y\r\n Content-Length: 2\r\n", b"{}", 400),
        ("a space before the colon", b"Content-Length : 2\r\n", b"{}", 400),
        ("a space before the coding's colon", b"Transfer-Encoding : chunked\r\n", chunked, 400),
        ("a tab before the colon", b"Transfer-Encoding\t: chunked\r\n", chunked, 400),
        ("a vertical tab before the coding", b"Transfer-Encoding: \x0bchunked\r\n", chunked, 400),
        ("a folded coding", b"Transfer-Encoding:\r\n chunked\r\n", chunked, 400),
        ("a coding behind a bare LF", b"X: y\nTransfer-Encoding: chunked\r\n", chunked, 400),
        ("a coding behind a bare CR", b"X: y\rTransfer-Encoding: chunked\r\n", chunked, 400),
        ("a NUL in a field", b"X: a\0b\r\nContent-Length: 2\r\n", b"{}", 400),
        ("a field without a name", b": x\r\nContent-Length: 2\r\n", b"{}", 400),
        ("a line without a colon", b"Content-Length\r\n", b"{}", 400),
        ("an empty coding", b"Transfer-Encoding: \r\n", chunked, 501),
        ("an empty coding and a length", b"Transfer-Encoding: \r\nContent-Length: 5\r\n", chunked, 400),
        ("the coding identity", b"Transfer-Encoding: identity\r\n", b"", 501),
        ("the coding xchunked", b"Transfer-Encoding: xchunked\r\n", chunked, 501),
        ("the coding chunked with a parameter", b"Transfer-Encoding: chunked;q=1\r\n", chunked, 501),
        ("chunked twice", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunked, 400),
        ("chunked not at the end", b"Transfer-Encoding: chunked, identity\r\n", chunked, 400),
        ("gzip before chunked", b"Transfer-Encoding: gzip, chunked\r\n", chunked, 501),
        ("an unknown expectation", b"Expect: 200-ok\r\nContent-Length: 2\r\n", b"{}", 417),
    ):
        refused(checks, name, server, start + fields + b"\r\n" + body + second, status)
    old = b"POST /api/sessions HTTP/1.0\r\n" + bearer + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    refused(checks, "chunks in HTTP/1.0", server, old + second, 400)


def chunks(checks, server):
    bearer = f"Authorization: Bearer {server.token}\r\n".encode()
    start = b"POST /api/sessions HTTP/1.1\r\n" + HOST + bearer + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    for name, body, status in (
        ("a chunk size that is no number", b"zz\r\n{}\r\n0\r\n\r\n", 400), ("a chunk size 0x2", b"0x2\r\n{}\r\n0\r\n\r\n", 400),
        ("a negative chunk size", b"-2\r\n{}\r\n0\r\n\r\n", 400), ("a signed chunk size", b"+2\r\n{}\r\n0\r\n\r\n", 400),
        ("a chunk size beyond 64 bits", b"FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n", 400), ("no chunk size", b"\r\n{}\r\n0\r\n\r\n", 400),
        ("a chunk size that ends with LF", b"2\n{}\r\n0\r\n\r\n", 400), ("a chunk longer than said", b"2\r\n{}X\r\n0\r\n\r\n", 400),
        ("a LF in a chunk extension", b"2;a\n\r\n{}\r\n0\r\n\r\n", 400), ("a NUL in a chunk extension", b"2;a\0\r\n{}\r\n0\r\n\r\n", 400),
        ("trailers that name lengths", b"2\r\n{}\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("a trailer without a name", b"2\r\n{}\r\n0\r\n: x\r\n\r\n", 400), ("a thousand trailers", b"2\r\n{}\r\n0\r\n" + b"X: y\r\n" * 1000 + b"\r\n", 431),
        ("a long trailer", b"2\r\n{}\r\n0\r\nX: " + b"y" * 40_000 + b"\r\n\r\n", 431),
    ):
        refused(checks, name, server, start + body, status)
    # Legal input that is ignored.
    end = b"Content-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    start = b"POST /api/sessions HTTP/1.1\r\n" + HOST + bearer + end
    for name, body in (
        ("a chunk extension", b'2;a=b;c="d"\r\n{}\r\n0;e\r\n\r\n'), ("a megabyte of chunk extension", b"2;" + b"x" * (1 << 20) + b"\r\n{}\r\n0\r\n\r\n"),
        ("an empty trailer", b"2\r\n{}\r\n0\r\nX:\r\n\r\n"), ("a trailer with a token", b"2\r\n{}\r\n0\r\nAuthorization: Bearer x\r\n\r\n"),
    ):
        data = server.raw(start + body)
        checks.that(f"{name}: the body {{}} is read and refused", statuses(data) == [400] and b"prompt is required" in data, data[:500])
    data = server.raw(b"POST /api/sessions HTTP/1.1\r\n" + HOST + end + b"2\r\n{}\r\n0\r\nAuthorization: Bearer " + server.token.encode() + b"\r\n\r\n")
    checks.equal("a token in the trailer does not count", statuses(data), [401], data[:300])


def heads(checks, server):
    for name, data, status in (
        ("HTTP/1.1 without Host", b"GET /healthz HTTP/1.1\r\n\r\n", 400), ("two Hosts", b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("twice the same Host", b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400), ("two Hosts in HTTP/1.0", b"GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("a Host with a space", b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400), ("a Host with a path", b"GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("a Host with a user", b"GET /healthz HTTP/1.1\r\nHost: a@b\r\n\r\n", 400), ("a list of Hosts", b"GET /healthz HTTP/1.1\r\nHost: a,b\r\n\r\n", 400),
        ("bytes beyond ASCII in Host", b"GET /healthz HTTP/1.1\r\nHost: a\xff\r\n\r\n", 400),
        ("bare LF", b"GET /healthz HTTP/1.1\nHost: a\n\n", 400), ("bare CR", b"GET /healthz HTTP/1.1\rHost: a\r\r", 400),
        ("a bare CR in a value", b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400), ("a folded first line", b"GET /healthz HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        ("HTTP/0.9", b"GET /healthz\r\n\r\n", 400), ("HTTP/1.2", b"GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n", 400), ("HTTP/2.0", b"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", 400),
        ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400), ("HTTP/11.1", b"GET /healthz HTTP/11.1\r\nHost: a\r\n\r\n", 400),
        ("http in small letters", b"GET /healthz http/1.1\r\nHost: a\r\n\r\n", 400), ("a TLS hello", bytes.fromhex("16030100a5010000a10303") + b"x" * 160 + b"\r\n\r\n", 400),
        ("a space in the target", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("a control character in the target", b"GET /\x1b[31m HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("UTF-8 in the target", "GET /ü HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 400),
        ("a NUL in the target", b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("a control character in a name", b"GET / HTTP/1.1\r\nHost: a\r\nX\x01: a\r\n\r\n", 400),
    ):
        refused(checks, name, server, data, status)
    for name, data in (
        ("HTTP/1.0 without Host", b"GET /healthz HTTP/1.0\r\n\r\n"), ("empty lines before a request", b"\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        ("an empty field", b"GET /healthz HTTP/1.1\r\nHost: a\r\nX:\r\nConnection: close\r\n\r\n"), ("an empty Host", b"GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"),
    ):
        data = server.raw(data)
        checks.equal(f"{name}: 200", statuses(data), [200], data[:300])


def methods(checks, server):
    bearer = f"Authorization: Bearer {server.token}\r\nConnection: close\r\n\r\n".encode()
    for name, line, status in (
        ("TRACE", b"TRACE /api/sessions", 405), ("CONNECT to a path", b"CONNECT /api/sessions", 501), ("CONNECT", b"CONNECT 169.254.169.254:80", 501),
        ("OPTIONS that is no preflight", b"OPTIONS /api/sessions", 405), ("OPTIONS *", b"OPTIONS *", 404), ("an unknown method", b"JULES /api/sessions", 400),
        ("a method in small letters", b"get /api/sessions", 400), ("DELETE of everything", b"DELETE /api/sessions", 405), ("PROPFIND", b"PROPFIND /api/sessions", 405),
    ):
        data = server.raw(line + b" HTTP/1.1\r\n" + HOST + bearer)
        checks.equal(f"{name}: {status}", statuses(data), [status], data[:400])
        checks.that(f"{name}: the answer repeats nothing of the request", server.token.encode() not in data)
        if status == 405:
            checks.that(f"{name}: Allow", b"\r\nallow: GET" in data, data[:400])
    for header in ("X-HTTP-Method-Override", "X-Original-URL", "X-Rewrite-URL", "Forwarded"):
        answer = server.get("/healthz", headers={header: "/api/sessions" if "URL" in header else "DELETE"}, token=False)
        checks.equal(f"{header} changes nothing", answer.body, b'{"status":"ok"}')
    head = server.raw(b"HEAD /api/sessions HTTP/1.1\r\n" + HOST + bearer)
    checks.that("HEAD has no body", head.endswith(b"\r\n\r\n") and statuses(head) == [200], head[-200:])
    events = server.raw(b"HEAD /api/events HTTP/1.1\r\n" + HOST + bearer)
    checks.that("HEAD of a stream ends", events.endswith(b"\r\n\r\n") and statuses(events) == [200], events[-200:])


def pipelines(checks, server):
    bearer = f"Authorization: Bearer {server.token}\r\n".encode()
    body = b"GET /api/sessions HTTP/1.1\r\nHost: x\r\n" + bearer + b"\r\n"
    inner = b"GET /healthz HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body) + body
    data = server.raw(inner + b"GET /nothing HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    checks.that("the body of a GET is not read as a request", statuses(data) in ([200], [200, 404]), data[:500])
    checks.that("the answer contains no secret", SECRET.encode() not in data)
    data = server.raw(b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n" + body)
    checks.equal("nothing is answered after Connection: close", statuses(data), [200], data[:500])
    data = server.raw(b"GET /healthz HTTP/1.1\r\n" + HOST + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n" + body)
    checks.equal("an upgrade to HTTP/2 is refused, and the following bytes are not read as a request", statuses(data), [200], data[:500])
    count = 3000
    data = server.raw((b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n") * count + b"GET /nothing HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", timeout=60)
    checks.equal("many requests in one packet are answered one by one", statuses(data), [200] * count + [404])
    data = server.raw((b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n") * 50 + b"NONSENSE\r\n\r\n" + (b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n") * 50)
    checks.equal("bytes after an invalid request are not read", statuses(data), [200] * 50 + [400])
