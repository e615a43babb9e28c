# SPDX-License-Identifier: Apache-2.0
"""Admission: the allow list, forwarded addresses and pages of other origins."""
from programs import TOKEN, Daemon, Simulator
from wire import Server

LISTED, FOREIGN = "https://ui.example.com", "https://evil.example.com"


def run(checks):
    simulator = Simulator()
    allowlist(checks, simulator)
    forwarded(checks, simulator)
    origins(checks, simulator)
    addresses(checks, simulator)


def allowlist(checks, simulator):
    daemon = Daemon(simulator, ALLOWLIST="10.0.0.0/8")
    server = daemon.server
    for path in ("/api/sessions", "/api/nothing", "/readyz", "/ws", "/api/events", "/nothing"):
        checks.status(f"{path} outside ALLOWLIST: 403", server.get(path), 403, "forbidden")
    checks.status("the address is checked before the token", server.get("/api/sessions", token=False), 403, "forbidden")
    checks.status("/healthz is open to everybody", server.get("/healthz", token=False), 200)
    answer = server.ask("OPTIONS", "/api/sessions", headers={"Origin": FOREIGN, "Access-Control-Request-Method": "GET"}, token=False)
    checks.status("a preflight is checked too", answer, 403)
    daemon.stop()
    daemon = Daemon(simulator, ALLOWLIST="10.0.0.0/8,127.0.0.1")
    checks.status("a listed address is admitted", daemon.server.get("/api/sessions"), 200)
    other = Server(daemon.port, token=TOKEN, source="127.0.0.2")
    checks.status("another address is not", other.get("/api/sessions"), 403, "forbidden")
    daemon.stop()
    daemon = Daemon(simulator)
    checks.status("without a list all loopback addresses are admitted", Server(daemon.port, token=TOKEN, source="127.9.9.9").get("/api/sessions"), 200)
    daemon.stop()


def forwarded(checks, simulator):
    daemon = Daemon(simulator)
    for _ in range(3):
        checks.status("X-Forwarded-For from an untrusted client is ignored", daemon.server.get("/api/sessions", headers={"X-Forwarded-For": "203.0.113.9"}), 200)
    checks.equal("the log warns about it once", len(daemon.told("untrusted_forwarded_header")), 1, daemon.output)
    daemon.stop()
    daemon = Daemon(simulator, TRUSTED_PROXIES="127.0.0.1,192.0.2.0/24", ALLOWLIST="203.0.113.0/24,2001:db8::/32")
    for value, status in (
        ("203.0.113.9", 200), ("198.51.100.1", 403), ("198.51.100.1, 203.0.113.9", 200), ("203.0.113.9, 198.51.100.1", 403),
        ("203.0.113.9, 192.0.2.1", 200), ("::ffff:203.0.113.9", 200), ("2001:db8::1", 200), ("[2001:db8::1]:4711", 200),
        ("203.0.113.9:4711", 200), ("nonsense", 403), ("203.0.113.9, nonsense", 403),
    ):
        checks.status(f"X-Forwarded-For: {value} from a proxy: {status}", daemon.server.get("/api/sessions", headers={"X-Forwarded-For": value}), status)
    spoofer = Server(daemon.port, token=TOKEN, source="127.0.0.2")
    checks.status("X-Forwarded-For from another client: 403", spoofer.get("/api/sessions", headers={"X-Forwarded-For": "203.0.113.9"}), 403)
    checks.equal("the log warns about it", len(daemon.told("untrusted_forwarded_header")), 1)
    daemon.stop()


def origins(checks, simulator):
    daemon = Daemon(simulator, CORS_ORIGIN=f"{LISTED},http://localhost:5173")
    server = daemon.server

    def preflight(origin, path="/api/sessions", method="POST"):
        return server.ask("OPTIONS", path, token=False, headers={
            "Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"})

    answer = preflight(LISTED)
    checks.status("a preflight is answered before the token", answer, 204)
    checks.equal("the answer names the origin", answer.header("access-control-allow-origin"), LISTED, answer)
    checks.that("the answer names the methods", {"GET", "POST"} <= set((answer.header("access-control-allow-methods") or "").replace(" ", "").split(",")), answer)
    checks.that("the answer names the header fields", {"authorization", "content-type"} <= set(
        (answer.header("access-control-allow-headers") or "").lower().replace(" ", "").split(",")), answer)
    checks.that("the answer varies by origin", "origin" in (answer.header("vary") or "").lower(), answer)
    checks.equal("the answer has no body", answer.body, b"")
    checks.status("a preflight for a path with parameters is answered", preflight(LISTED, "/api/sessions/1/approve"), 204)
    answer = preflight(FOREIGN)
    checks.equal("a preflight of a foreign origin allows nothing", [h for h in answer.headers if h[0].lower().startswith("access-control-")], [], answer)

    for what, answer in {
        "200": server.get("/api/sessions", headers={"Origin": LISTED}), "401": server.get("/api/sessions", headers={"Origin": LISTED}, token=False),
        "404": server.get("/api/nothing", headers={"Origin": LISTED}), "400": server.get("/api/sessions?limit=0", headers={"Origin": LISTED}),
        "405": server.ask("PATCH", "/api/sessions", headers={"Origin": LISTED}),
        "415": server.post("/api/sessions", "{}", headers={"Origin": LISTED}),
        "413": server.post("/api/sessions", b"x" * ((1 << 20) + 1), headers={"Origin": LISTED, "Content-Type": "application/json"}),
    }.items():
        checks.equal(f"the page can read {what}", answer.header("access-control-allow-origin"), LISTED, answer)
        exposed = {item.strip().lower() for item in (answer.header("access-control-expose-headers") or "").split(",")}
        checks.that(f"{what} exposes its header fields", {"x-request-id", "retry-after", "ratelimit"} <= exposed, answer)
    stream = server.open("GET", "/api/events", headers={"Origin": LISTED})
    checks.equal("the page can read the event stream", stream.getheader("access-control-allow-origin"), LISTED)
    stream.close()
    for origin in (FOREIGN, "null", "https://ui.example.com.evil.example", "http://ui.example.com", "https://ui.example.com:8443", "garbage"):
        answer = server.get("/api/sessions", headers={"Origin": origin})
        checks.equal(f"{origin} gets no header field that allows it", answer.header("access-control-allow-origin"), None, answer)
        socket = server.web_socket(headers={"Origin": origin})
        checks.equal(f"{origin} gets no WebSocket", socket.status, 403, socket.answer)
        socket.close()
    host = f"127.0.0.1:{daemon.port}"
    for origin, own in ((LISTED, host), ("http://localhost:5173", host), (f"http://{host}", host), (f"https://{host}", host),
                        ("https://api.example.com", "api.example.com"), (None, host)):
        socket = server.web_socket(headers={"Origin": origin, "Host": own})
        checks.equal(f"{origin} at Host {own} gets its WebSocket", socket.status, 101, socket.answer)
        socket.close()
    daemon.stop()


def addresses(checks, simulator):
    daemon = Daemon(simulator, HOST="::")
    checks.status(":: serves IPv4", daemon.server.get("/api/sessions"), 200)
    checks.status(":: serves IPv6", Server(daemon.port, token=TOKEN, address="::1", name=f"[::1]:{daemon.port}").get("/api/sessions"), 200)
    daemon.stop()
