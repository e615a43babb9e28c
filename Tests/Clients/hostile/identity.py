# SPDX-License-Identifier: Apache-2.0
"""Clients that guess tokens, claim to be others, or try to write into the log."""
import json

from checks import until
from hostile.bystander import Bystander
from programs import TOKEN, Daemon, Simulator
from wire import Server


def run(checks):
    simulator = Simulator()
    guesses(checks, simulator)
    addresses(checks, simulator)
    log(checks, simulator)


def guesses(checks, simulator):
    daemon = Daemon(simulator, RATE_LIMIT="0", WRONG_TOKEN_LIMIT=10, TRUSTED_PROXIES="127.0.0.9", ALLOWLIST="0.0.0.0/0,::/0")
    bystander = Bystander(daemon, simulator)
    guesser = Server(daemon.port, token=TOKEN, source="127.0.0.2")
    paths = ("/api/sessions", "/api/deltas", "/ws", "/api/nothing")
    got = [guesser.get(paths[n % 4], token=f"guessed-token-number-{n:04}").status for n in range(30)]
    checks.equal("ten wrong tokens on all routes together are checked, and then none", got, [401] * 10 + [429] * 20)
    answer = guesser.get("/api/sessions")
    checks.status("a right token is refused too", answer, 429, "rate_limited")
    checks.that("Retry-After gives the remaining time", 1 <= int(answer.header("retry-after") or 0) <= 61, answer)
    raw = guesser.raw(f"POST /api/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n".encode())
    checks.that("100-continue does not reveal that a token was right", raw.startswith(b"HTTP/1.1 429 "), raw[:300])
    checks.status("a client without a token is asked for one", guesser.get("/api/sessions", token=False), 401, "unauthorized")
    checks.equal("the log reports it once", len(daemon.told("token_guessing")), 1, daemon.output[-2000:])
    checks.equal("the log has the address", (daemon.entry("token_guessing") or {}).get("peer"), "127.0.0.2")
    checks.that("no tried token is in the log", "guessed-token" not in daemon.output and TOKEN not in daemon.output)
    proxy = Server(daemon.port, token=TOKEN, source="127.0.0.9")
    for n in range(11):
        last = proxy.get("/api/sessions", token=f"wrong-token-{n:06}", headers={"X-Forwarded-For": f"2001:db8::{n:x}"})
    checks.status("a whole /64 of IPv6 counts as one client", last, 429, "rate_limited")
    checks.status("the next /64 may try", proxy.get("/api/sessions", headers={"X-Forwarded-For": "2001:db8:0:1::1"}), 200)
    bystander.unharmed(checks, "guessed tokens")
    bystander.leave()
    daemon.stop()


def addresses(checks, simulator):
    daemon = Daemon(simulator, TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8", ALLOWLIST="203.0.113.7,2001:db8::7")
    for value, status in (
        ("203.0.113.7", 200), ("203.0.113.8", 403), ("203.0.113.7, 203.0.113.8", 403), ("203.0.113.8, 203.0.113.7", 200),
        ("203.0.113.7, 10.1.1.1, 10.2.2.2", 200), ("203.0.113.8, 10.1.1.1", 403), (", ".join(["203.0.113.7"] * 400 + ["198.51.100.1"]), 403),
        (", ".join(["203.0.113.7"] + ["10.0.0.1"] * 400), 200), ("::ffff:203.0.113.7", 200), ("::ffff:cb00:7107", 200), ("[2001:db8::7]", 200), ("[2001:db8::7]:99", 200),
        ("2001:DB8:0:0:0:0:0:7", 200), ("203.0.113.7:99", 200), ("203.0.113.7:99999", 403), ("203.0.113.07", 403), ("203.0.113.7%0", 403), ("0xcb007107", 403),
        ("3405803783", 403), ("2001:db8::7%eth0", 403), ("127.0.0.1", 403), ("", 403), (",", 403), ("unknown", 403), ("203.0.113.7, unknown", 403), ("_hidden", 403), ("x" * 6000, 403),
        ("203.0.113.7\t,\t10.1.1.1", 200), ('"203.0.113.7"', 403), ("203.0.113.7 203.0.113.8", 403),
    ):
        answer = daemon.server.get("/api/sessions", headers={"X-Forwarded-For": value})
        checks.status(f"X-Forwarded-For: {value[:40]}: {status}", answer, status)
    answer = daemon.server.get("/api/sessions", headers={"X-Real-IP": "203.0.113.7", "Forwarded": "for=203.0.113.7", "True-Client-IP": "203.0.113.7"})
    checks.status("other header fields do not identify a client", answer, 403, "forbidden")
    daemon.stop()


def log(checks, simulator):
    daemon = Daemon(simulator, LOG_LEVEL="trace", TRUSTED_PROXIES="127.0.0.1", ALLOWLIST="127.0.0.0/8")
    server = daemon.server
    evil = (b"evil\tFORGED", b"\x1b[31mFORGED", b"a\x7fFORGED", b"x" * 300, b"{\"level\":50,\"msg\":\"FORGED\"}", "\u202eFORGED".encode(), b"\xff\xfeFORGED")
    for value in evil:
        for field in (b"X-Request-Id", b"User-Agent", b"X-Forwarded-For", b"Origin", b"Referer", b"Authorization"):
            server.raw(b"GET /api/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + field + b": " + value + b"\r\n\r\n")
    for path in ("/api/sessions/%0d%0aFORGED", "/api/%1b%5b31mFORGED", "/api/nothing?x=%0aFORGED", "/api/sessions/%e2%80%aeFORGED/activities", "/FORGED"):
        server.get(path)
    until(lambda: "/api/sessions/{id}" in daemon.output)
    lines = daemon.lines()
    checks.that("no text that clients chose is in the log", "FORGED" not in daemon.output, *[line for line in lines if "FORGED" in line][:3])
    checks.that("no line of the log controls a terminal", not any(ord(c) < 32 or ord(c) == 127 for line in lines for c in line))
    checks.that("each line of the log is one object", all(is_object(line) for line in lines), *[line for line in lines if not is_object(line)][:3])
    checks.that("the token is not in the log", TOKEN not in daemon.output)
    with open(f"/proc/{daemon.process.pid}/cmdline") as title:
        checks.that("the token is not in the process title", TOKEN not in title.read())
    daemon.stop()


def is_object(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
