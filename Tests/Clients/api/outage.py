# SPDX-License-Identifier: Apache-2.0
"""The answers to clients while the Jules API has problems."""
from checks import until
from programs import Daemon, Simulator


def run(checks):
    simulator = Simulator()
    session = simulator.add(state="IN_PROGRESS")
    simulator.control("/clock", {"advance": "10s"})
    daemon = Daemon(simulator, UPSTREAM_TIMEOUT="1s", POLL_INTERVAL="1min")
    server = daemon.server
    until(lambda: daemon.sessions())
    path = f"/api/sessions/{session}"

    def trouble(name, wanted, error, *, member=None, header=None, target=f"{path}/message", body={"message": "x"}, **fault):
        simulator.fault(**fault)
        answer = server.post(target, body)
        checks.status(f"{name}: {wanted}", answer, wanted, error)
        if member:
            checks.equal(f"{name}: {member}", (answer.json or {}).get(member), True, answer)
        if header:
            checks.that(f"{name}: {header}", answer.header(header), answer)
        simulator.mend()

    post = dict(operation="sessions.sendMessage")
    trouble("an error of Jules", 502, "jules_unavailable", member="retry", fault="status", status=503, **post)
    trouble("an error of its front end", 502, "jules_unavailable", member="retry", fault="status", status=500, html=True, **post)
    # The message arrived: it is found among the activities, so no client is asked to send it again.
    trouble("a connection reset after the message arrived", 200, None, member="ok", fault="reset", **post)
    trouble("an answer that comes too late", 200, None, member="ok", fault="delay", **{"for": "5s"}, **post)
    trouble("a refusal", 400, "jules_error", fault="refuse", **post)
    trouble("a forbidden one", 403, "jules_error", fault="status", status=403, **post)
    simulator.fault(fault="status", status=503)
    checks.status("refresh=1 fails like the API", server.get(f"{path}?refresh=1"), 502, "jules_unavailable")
    for read in ("/api/sessions", path, "/api/deltas?since=0"):
        checks.status(f"{read.split('?')[0]} is read from the copy", server.get(read), 200)
    answer = until(lambda: (a := server.get("/readyz")).status == 503 and a) or server.get("/readyz")
    checks.that("readyz gives the reason and the time", answer.status == 503 and answer.json["status"] == "degraded"
                and answer.json.get("reason") and answer.json.get("since"), answer)
    checks.status("healthz is still ok", server.get("/healthz"), 200)
    simulator.mend()
    checks.that("readyz recovers", until(lambda: server.get("/readyz").status == 200), server.get("/readyz"))
    trouble("a limit of Jules", 429, "jules_rate_limited", header="retry-after", fault="status", status=429, retryAfter="100s", **post)
    # After this the API is not called for a minute.
    trouble("a key refused", 502, "jules_auth_failed", fault="status", status=401, **post)
    daemon.stop()
