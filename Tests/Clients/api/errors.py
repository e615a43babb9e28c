# SPDX-License-Identifier: Apache-2.0
"""What every answer contains, and what is wrong with a request."""
import http.client
import json
import re

from programs import Daemon, Simulator
from wire import Answer


def run(checks):
    simulator = Simulator()
    known = simulator.add(state="IN_PROGRESS")
    daemon = Daemon(simulator)
    server = daemon.server
    request_ids(checks, server)
    tokens(checks, server)
    addresses(checks, server, known)
    bodies(checks, server, known)
    queries(checks, server, known)
    framing(checks, server)


def request_ids(checks, server):
    made = [server.get("/api/sessions").header("x-request-id") for _ in range(2)]
    checks.that("each answer gets a new request id", made[0] and made[0] != made[1], made)
    for own in ("abc-123", "a" * 128, "0af7651916cd43dd8448eb211c80319c"):
        checks.equal(f"X-Request-Id {own[:12]} is taken", server.get("/api/sessions", headers={"X-Request-Id": own}).header("x-request-id"), own)
    for own in ("two words", "x" * 5000, '"quoted"', "semi;colon\t"):
        got = server.get("/api/sessions", headers={"X-Request-Id": own}).header("x-request-id")
        checks.that(f"X-Request-Id {own[:12]!r} is replaced", got and got != own, got)
    for what, answer in {
        "404": server.get("/api/nothing"), "401": server.get("/api/sessions", token=False),
        "health": server.get("/healthz"), "readiness": server.get("/readyz"), "a preflight": server.ask(
            "OPTIONS", "/api/sessions", headers={"Origin": "http://x.test", "Access-Control-Request-Method": "GET"}),
        "413": server.post("/api/sessions", b"x" * (1 << 20) + b"x", headers={"Content-Type": "application/json"}),
    }.items():
        checks.that(f"{what} has a request id", answer.header("x-request-id"), answer)


def tokens(checks, server):
    for what, header in {
        "no token": None, "a wrong token": "Bearer wrong-token-0123456789", "another scheme": "Basic " + server.token,
        "no scheme": server.token, "a longer token": f"Bearer {server.token}x", "a shorter one": f"Bearer {server.token[:-1]}",
        "an empty one": "Bearer ", "two tokens": f"Bearer {server.token} {server.token}",
    }.items():
        answer = server.get("/api/sessions", token=False, headers={"Authorization": header} if header else {})
        checks.status(f"{what}: 401", answer, 401, "unauthorized")
        checks.equal(f"{what}: WWW-Authenticate", (answer.header("www-authenticate") or "").split(" ")[0], "Bearer", answer)
    checks.status("upper and lower case of the scheme do not matter", server.get("/api/sessions", token=False, headers={"Authorization": f"bearer {server.token}"}), 200)
    checks.status("a token in the query does not count", server.get(f"/api/sessions?token={server.token}", token=False), 401)
    checks.status("the token is checked before the path", server.get("/api/nothing", token=False), 401, "unauthorized")
    checks.status("the token is checked before the method", server.ask("PUT", "/api/sessions", token=False), 401, "unauthorized")
    checks.status("/ws without a token: 401", server.get("/ws", token=False), 401, "unauthorized")
    for path in ("/healthz", "/readyz"):
        checks.status(f"{path} needs no token", server.get(path, token=False), 200)
    checks.equal("healthz", server.get("/healthz", token=False).json, {"status": "ok"})
    checks.equal("readyz says ok", (server.get("/readyz", token=False).json or {}).get("status"), "ok")


ROUTES = {
    "/healthz": {"GET"}, "/readyz": {"GET"}, "/ws": {"GET"}, "/api/events": {"GET"}, "/api/deltas": {"GET"},
    "/api/sessions": {"GET", "POST"}, "/api/sessions/1": {"GET", "DELETE"}, "/api/sessions/1/activities": {"GET"},
    "/api/sessions/1/approve": {"POST"}, "/api/sessions/1/message": {"POST"}, "/api/sessions/1/archive": {"POST"},
    "/api/sessions/1/unarchive": {"POST"}, "/api/sources": {"GET"},
}


def addresses(checks, server, known):
    for path, methods in ROUTES.items():
        answer = server.ask("PATCH", path)
        checks.status(f"PATCH {path}: 405", answer, 405, "method_not_allowed")
        allowed = {item.strip() for item in (answer.header("allow") or "").split(",")}
        checks.equal(f"PATCH {path}: Allow", allowed - {"HEAD", "OPTIONS"}, methods, answer)
    for path in ("/api/nothing", "/api", "/api/", "/api/sessions/", f"/api/sessions/{known}/", "/api/Sessions",
                 f"/api/sessions/{known}/nothing", "/api//sessions", "/ws/"):
        checks.status(f"{path}: 404", server.get(path), 404, "not_found")
    for method, path, body in (
        ("GET", "", None), ("GET", "?refresh=1", None), ("DELETE", "", None), ("GET", "/activities", None), ("POST", "/approve", {}),
        ("POST", "/message", {"message": "x"}), ("POST", "/archive", {}), ("POST", "/unarchive", {}),
    ):
        checks.status(f"{method} of an unknown session{path}: 404", server.ask(method, f"/api/sessions/404404{path}", body), 404, "not_found")
    for path in ("/api/sessions/%2e%2e", "/api/sessions/a%2Fb", "/api/sessions/%00", "/api/sessions/%ff", "/api/sessions/x%3Ay?refresh=1"):
        checks.status(f"{path}: 404", server.get(path), 404, "not_found")
    answer = server.ask("HEAD", "/api/sessions")
    checks.that("HEAD gives the same as GET without the body", answer.status == 200 and int(answer.header("content-length") or 0) > 10, answer)
    checks.that("JSON has the type of JSON", (server.get("/api/sessions").header("content-type") or "").startswith("application/json"))
    checks.that("errors too", (server.get("/api/nothing").header("content-type") or "").startswith("application/json"))


def bodies(checks, server, known):
    def details(name, answer, *fields):
        checks.status(f"{name}: 400", answer, 400, "invalid_request")
        named = {entry.get("field") for entry in (answer.json or {}).get("details", [])}
        checks.equal(f"{name}: details", named, set(fields), answer)

    create = "/api/sessions"
    details("a field of the wrong type and an unknown one", server.post(create, {"prompt": 5, "bogus": 1}), "prompt", "bogus")
    details("nothing at all", server.post(create, {}), "prompt")
    details("no body", server.post(create), "prompt")
    details("an empty prompt", server.post(create, {"prompt": ""}), "prompt")
    details("null", server.post(create, {"prompt": None}), "prompt")
    details("every field wrong", server.post(create, {
        "prompt": [], "title": 1, "sourceContext": "x", "requirePlanApproval": "yes", "automationMode": {}}),
        "prompt", "title", "sourceContext", "requirePlanApproval", "automationMode")
    details("a repo without its owner", server.post(create, {"prompt": "x", "repo": "harbor"}), "repo")
    details("a message of the wrong type", server.post(f"{create}/{known}/message", {"message": 1}), "message")
    details("a message without its field", server.post(f"{create}/{known}/message", {"text": "x"}), "message", "text")
    details("an approval with an unknown field", server.post(f"{create}/{known}/approve", {"plan": "x"}), "plan")
    json_type = {"Content-Type": "application/json"}
    for what, body in {"half an object": '{"prompt":', "an array": "[]", "a text": '"x"', "no JSON": "prompt=x", "bad UTF-8": b'{"prompt":"\xff"}',
                       "a control character": b'{"prompt":"a\x01"}', "something behind it": '{"prompt":"x"} x',
                       "deep nesting": "[" * 100_000}.items():
        checks.status(f"{what}: 400", server.post(create, body, headers=json_type), 400, "invalid_request")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", None):
        answer = server.post(create, '{"prompt":"x"}', headers={"Content-Type": kind} if kind else {})
        checks.status(f"Content-Type {kind}: 415", answer, 415, "unsupported_media_type")
    for kind in ("application/json; charset=utf-8", "Application/JSON"):
        checks.status(f"Content-Type {kind} is taken", server.post(create, "{}", headers={"Content-Type": kind}), 400, "invalid_request")
    over, just = (b'{"message":"' + b"x" * (size - 14) + b'"}' for size in ((1 << 20) + 1, 1 << 20))
    for what, answer in {
        "a body over 1 MiB": server.post(f"{create}/{known}/message", over, headers=json_type),
        "one in chunks": chunked(server, f"{create}/{known}/message", over),
    }.items():
        checks.status(f"{what}: 413", answer, 413, "body_too_large")
    checks.status("a body of exactly 1 MiB is read", server.post(f"{create}/{known}/message", just, headers=json_type), 400, "invalid_request")
    answer = server.post(create, over, headers={**json_type, "X-Request-Id": "mine"})
    checks.equal("the 413 repeats the client's request id", answer.header("x-request-id"), "mine", answer)


def chunked(server, target, body):
    connection = http.client.HTTPConnection("localhost")
    connection.sock = server.dial()
    connection.request("POST", target, body=iter([body[:600_000], body[600_000:]]), encode_chunked=True, headers={
        "Host": server.name, "Authorization": f"Bearer {server.token}", "Content-Type": "application/json", "Transfer-Encoding": "chunked"})
    return Answer(f"POST {target} in chunks", connection.getresponse())


def queries(checks, server, known):
    for query, *fields in (
        ("sessions?limit=0", "limit"), ("sessions?limit=501", "limit"), ("sessions?limit=x", "limit"), ("sessions?archived=maybe", "archived"),
        ("sessions?attention=2&limit=-1", "attention", "limit"), ("sessions?cursor=garbage", "cursor"),
        (f"sessions/{known}/activities?limit=0", "limit"), (f"sessions/{known}/activities?after=nothing", "after"),
        (f"sessions/{known}?refresh=x", "refresh"),
        ("deltas?since=-1", "since"), ("deltas?since=x", "since"), ("deltas?limit=0", "limit"), ("deltas?wait=-1", "wait"),
        ("deltas?since=99999999999999999999", "since"), ("events?since=x", "since"), ("events?activities=x", "activities"),
    ):
        answer = server.get(f"/api/{query}")
        checks.status(f"{query}: 400", answer, 400, "invalid_request")
        named = {entry.get("field") for entry in (answer.json or {}).get("details", [])}
        checks.equal(f"{query}: details", named, set(fields), answer)


def framing(checks, server):
    """RFC 9112, tested with raw bytes."""
    bearer = f"Authorization: Bearer {server.token}\r\n".encode()

    def statuses(data):
        return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", server.raw(data))]

    line = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    checks.equal("requests in one packet are answered in order", statuses(line + b"\r\n" + b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), [200, 404])
    checks.equal("HTTP/1.0 is spoken", statuses(b"GET /healthz HTTP/1.0\r\n\r\n"), [200])
    checks.equal("a line that is no request: 400", statuses(b"NONSENSE\r\n\r\n"), [400])
    checks.equal("a header field that is too long: 431", statuses(line + b"X: " + b"x" * 40_000 + b"\r\n\r\n"), [431])
    checks.equal("two lengths: 400", statuses(b"POST /api/sessions HTTP/1.1\r\nHost: x\r\n" + bearer + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), [400])
    checks.equal("length and chunks together: 400", statuses(
        b"POST /api/sessions HTTP/1.1\r\nHost: x\r\n" + bearer + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), [400])
    data = server.raw(b"POST /api/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n" + bearer
                      + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}")
    checks.that("100-continue is answered", data.startswith(b"HTTP/1.1 100 ") and b"HTTP/1.1 400 " in data, data)
    refused = server.raw(b"GET /api/nothing HTTP/1.1\r\nHost: x\r\n" + bearer + b"\r\n" + line + b"Connection: close\r\n\r\n")
    checks.equal("a connection stays open after an error", re.findall(rb"HTTP/1\.1 (\d{3}) ", refused), [b"404", b"200"])
    answer = server.raw(b"NONSENSE\r\n\r\n").decode(errors="replace")
    head, _, body = answer.partition("\r\n\r\n")
    checks.that("even input that is not HTTP is answered in JSON with a request id", "x-request-id:" in head.lower() and "requestId" in json.loads(body or "{}"), answer)
