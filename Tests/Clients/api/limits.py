# SPDX-License-Identifier: Apache-2.0
"""The limits for one client and for all clients together."""
import re

from checks import until
from programs import TOKEN, Daemon, Simulator
from wire import Server


def run(checks):
    simulator = Simulator()
    rate(checks, simulator)
    connections(checks, simulator)


def rate(checks, simulator):
    daemon = Daemon(simulator, RATE_LIMIT=4, TRUSTED_PROXIES="127.0.0.1", ALLOWLIST="0.0.0.0/0")
    server = daemon.server
    left = []
    for _ in range(4):
        answer = server.get("/api/sessions")
        checks.status("a request within the limit is answered", answer, 200)
        checks.equal("the answer names the policy", answer.header("ratelimit-policy"), '"/api/sessions";q=4;w=60', answer)
        match = re.fullmatch(r'"/api/sessions";r=(\d+);t=(\d+)', answer.header("ratelimit") or "")
        if checks.that("the answer says how much is left", match and int(match[2]) <= 60, answer):
            left.append(int(match[1]))
    checks.equal("the rest becomes smaller", left, [3, 2, 1, 0])
    answer = server.get("/api/sessions", headers={"Origin": f"http://127.0.0.1:{daemon.port}"})
    checks.status("beyond it: 429", answer, 429, "rate_limited")
    checks.that("Retry-After is in seconds", 1 <= int(answer.header("retry-after") or 0) <= 61, answer)
    checks.that("a refusal has the fields too", answer.header("ratelimit") and answer.header("ratelimit-policy"), answer)
    checks.status("the limit is checked before the token", server.get("/api/sessions", token=False), 429, "rate_limited")
    checks.status("another route has its own limit", server.get("/api/deltas"), 200)
    for session in "abcd":
        checks.status("the limit counts a route by its template", server.get(f"/api/sessions/{session}"), 404)
    checks.status("two paths of a route count together", server.get("/api/sessions/e"), 429, "rate_limited")
    for _ in range(4):
        checks.status("a wrong token is refused", server.get("/api/sources", token="wrong-token-0123456789"), 401)
    checks.status("after a number of wrong tokens no more are checked", server.get("/api/sources", token="wrong-token-0123456789"), 429, "rate_limited")
    sockets = [server.web_socket() for _ in range(5)]
    checks.equal("/ws counts", [socket.status for socket in sockets], [101] * 4 + [429])
    checks.status("its refusal is plain HTTP", sockets[4].answer, 429, "rate_limited") if sockets[4].answer else None
    for _ in range(6):
        health = server.get("/healthz"), server.get("/readyz")
    checks.equal("health checks are never limited", [answer.status for answer in health], [200, 200])
    other = Server(daemon.port, token=TOKEN, source="127.0.0.2")
    checks.status("another client has its own limit", other.get("/api/sessions"), 200)
    for _ in range(4):
        server.get("/api/sessions", headers={"X-Forwarded-For": "203.0.113.1"})
    checks.status("clients behind a proxy are counted separately", server.get("/api/sessions", headers={"X-Forwarded-For": "203.0.113.1"}), 429)
    checks.status("another client behind the proxy is admitted", server.get("/api/sessions", headers={"X-Forwarded-For": "203.0.113.2"}), 200)
    for _ in range(4):
        other.get("/api/sessions", headers={"X-Forwarded-For": "203.0.113.77"})
    checks.status("a forged header changes nothing", other.get("/api/sessions", headers={"X-Forwarded-For": "203.0.113.78"}), 429)
    daemon.stop()
    daemon = Daemon(simulator)
    answer = daemon.server.get("/api/sessions")
    checks.that("RATE_LIMIT=0 is none", answer.status == 200 and answer.header("ratelimit") is None, answer)
    daemon.stop()


def connections(checks, simulator):
    daemon = Daemon(simulator, MAX_CONNECTIONS=3)
    server = daemon.server
    taken = [server.web_socket(), server.events("/api/events"), server.web_socket()]
    answer = until(lambda: (a := server.get("/api/sessions")).status == 503 and a)
    if checks.that("there is one connection too many", answer, server.get("/api/sessions")):
        checks.status("it is answered 503", answer, 503, "overloaded")
        checks.that("with Retry-After", (answer.header("retry-after") or "").isdigit(), answer)
    checks.equal("the other connections go on", (taken[0].next() or {}).get("type"), "hello")
    taken[0].close()
    checks.that("there is room again when one closes", until(lambda: server.get("/api/sessions").status == 200))
    daemon.stop()
