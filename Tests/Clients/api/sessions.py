# SPDX-License-Identifier: Apache-2.0
"""Sessions: lists and filters, creation, and the actions of a user."""
import re

from checks import until
from programs import Daemon, Simulator


def run(checks):
    simulator = Simulator()
    fixture = {
        "working": dict(state="IN_PROGRESS", title="Retry flaky uploads", prompt="Sync worker", source="sources/github/acme/harbor"),
        "asking": dict(state="AWAITING_USER_FEEDBACK", title="Tidy ÜBERSICHT 100%", prompt="x_y", source="sources/github/acme/harbor"),
        "waiting": dict(state="AWAITING_PLAN_APPROVAL", title="Plan me", prompt="Something", source="sources/github/acme/lighthouse"),
        "queued": dict(state="QUEUED", title="In line", prompt="Something"),
        "done": dict(state="COMPLETED", title="Done", prompt="Something"),
        "shelved": dict(state="COMPLETED", title="Shelved", prompt="Something"),
    }
    ids = {}
    for name, members in fixture.items():
        ids[name] = simulator.add(**members)
        simulator.control("/clock", {"advance": "1s"})
    simulator.server.post(f"/v1alpha/sessions/{ids['shelved']}:archive", {}, headers={"X-Goog-Api-Key": "any"})
    simulator.control("/clock", {"advance": "10s"})
    daemon = Daemon(simulator)
    until(lambda: len(daemon.sessions("?archived=all")) == len(ids))
    lists(checks, daemon, ids)
    one(checks, daemon, simulator, ids)
    activities(checks, daemon, ids)
    creation(checks, daemon, simulator)
    approval(checks, daemon, simulator, ids)
    messages(checks, daemon, ids)
    shelf(checks, daemon, simulator, ids)
    sources(checks, daemon)
    daemon.stop()


def lists(checks, daemon, ids):
    names = {value: key for key, value in ids.items()}

    def listed(query):
        answer = daemon.server.get(f"/api/sessions{query}")
        return [names.get(session["id"]) for session in (answer.json or {}).get("sessions", [])] if answer.status == 200 else answer

    for query, wanted in (
        ("", ["done", "queued", "waiting", "asking", "working"]), ("?archived=0", ["done", "queued", "waiting", "asking", "working"]),
        ("?archived=1", ["shelved"]), ("?archived=all", ["shelved", "done", "queued", "waiting", "asking", "working"]),
        ("?state=QUEUED", ["queued"]), ("?state=QUEUED,IN_PROGRESS", ["queued", "working"]), ("?state=NEVER_HEARD_OF", []),
        ("?attention=1", ["waiting", "asking"]), ("?attention=1&state=AWAITING_PLAN_APPROVAL", ["waiting"]),
        ("?repo=acme/harbor", ["asking", "working"]), ("?repo=ACME/Harbor", ["asking", "working"]), ("?repo=acme/harb", []),
        ("?q=FLAKY", ["working"]), ("?q=sync+worker", ["working"]), ("?q=%C3%BCbersicht", ["asking"]), ("?q=100%25", ["asking"]),
        ("?q=x_y", ["asking"]), ("?q=%25", ["asking"]), (f"?q={ids['queued'][3:12]}", ["queued"]), ("?q=nothing+like+it", []),
        ("?repo=acme/harbor&attention=1&q=tidy&state=AWAITING_USER_FEEDBACK&archived=all&limit=1", ["asking"]),
        ("?limit=2", ["done", "queued"]), ("?limit=500", ["done", "queued", "waiting", "asking", "working"]),
    ):
        checks.equal(f"sessions{query}", listed(query), wanted)
    answer = daemon.server.get("/api/sessions").json
    checks.that("a list has its seq and epoch", isinstance(answer["seq"], int) and isinstance(answer["epoch"], str) and answer["epoch"], answer)
    checks.that("the last page has no nextCursor", "nextCursor" not in answer)
    pages, cursor = [], ""
    for _ in range(10):
        page = daemon.server.get(f"/api/sessions?archived=all&limit=2{cursor}").json
        pages.append([names[session["id"]] for session in page["sessions"]])
        if "nextCursor" not in page:
            break
        cursor = f"&cursor={page['nextCursor']}"
    checks.equal("pages show each session once", pages, [["shelved", "done"], ["queued", "waiting"], ["asking", "working"]])


def one(checks, daemon, simulator, ids):
    upstream = simulator.server.get(f"/v1alpha/sessions/{ids['working']}", headers={"X-Goog-Api-Key": "any"}).json
    checks.equal("a session equals the API's object", daemon.server.get(f"/api/sessions/{ids['working']}").json, upstream)
    checks.equal("with refresh=1 a session equals the API's object", daemon.server.get(f"/api/sessions/{ids['working']}?refresh=1").json, upstream)
    checks.that("ids are strings", isinstance(upstream["id"], str))


def activities(checks, daemon, ids):
    def page(query):
        return daemon.server.get(f"/api/sessions/{ids['done']}/activities{query}")

    whole = page("?limit=500")
    checks.status("activities", whole, 200)
    every = [item["id"] for item in whole.json["activities"]]
    checks.that("a finished session has activities", len(every) > 3, whole)
    checks.equal("activities are listed oldest first", [i["createTime"] for i in whole.json["activities"]], sorted(i["createTime"] for i in whole.json["activities"]))
    got, after = [], ""
    while len(got) <= len(every):
        answer = page(f"?limit=2{after}").json
        got += [item["id"] for item in answer["activities"]]
        if "nextCursor" not in answer:
            break
        after = f"&after={answer['nextCursor']}"
    checks.equal("paging gives each activity once", got, every)
    checks.equal("after takes an activity's id", [i["id"] for i in page(f"?after={every[1]}").json["activities"]], every[2:])
    checks.equal("there are none after the last activity", page(f"?after={every[-1]}").json, {"activities": []})


def creation(checks, daemon, simulator):
    since = daemon.head
    flat = {"prompt": "Flat ✓", "title": "Flat", "requirePlanApproval": True, "automationMode": "AUTO_CREATE_PR",
            "sourceContext": {"source": "sources/github/acme/harbor", "githubRepoContext": {"startingBranch": "next"}}}
    made = daemon.server.post("/api/sessions", flat)
    checks.status("the flat form creates a session", made, 201)
    checks.equal("the flat form is passed on unchanged", {key: made.json.get(key) for key in flat}, flat, made)
    delta = daemon.await_delta(since, lambda d: d["id"] == made.json["id"], 5)
    checks.that("the new session is in the feed at once", delta and delta["changeType"] == "created" and delta["before"] is None, delta)
    checks.equal("the new session can be read at once", daemon.server.get(f"/api/sessions/{made.json['id']}").json.get("title"), "Flat")
    for body, branch in (({"prompt": "Short", "repo": "acme/lighthouse", "branch": "release/9"}, "release/9"), ({"prompt": "Short", "repo": "acme/harbor"}, "main")):
        made = daemon.server.post("/api/sessions", body)
        checks.status("the short form creates a session", made, 201)
        checks.equal("the short form sets source and branch", (made.json or {}).get("sourceContext"), {
            "source": f"sources/github/{body['repo']}", "githubRepoContext": {"startingBranch": branch}}, made)
    checks.status("a prompt alone makes a session without a repository", daemon.server.post("/api/sessions", {"prompt": "Alone"}), 201)
    both = {"prompt": "x", "repo": "acme/harbor", "sourceContext": flat["sourceContext"]}
    checks.status("both forms at once: 400", daemon.server.post("/api/sessions", both), 400, "invalid_request")
    answer = daemon.server.post("/api/sessions", {"prompt": "x", "automationMode": "MANUAL"})
    checks.status("what Jules refuses: its status", answer, 400, "jules_error")
    checks.that("the answer has the detail", "detail" in (answer.json or {}), answer)
    known = {session["id"] for session in simulator.control("/sessions")["sessions"]}
    checks.equal("refused requests created nothing", {session["id"] for session in daemon.sessions("?archived=all&limit=500")} - known, set())


def approval(checks, daemon, simulator, ids):
    path = f"/api/sessions/{ids['waiting']}/approve"
    answer = daemon.server.post(path, {"state": "rejected"})
    checks.status("rejected: 400", answer, 400, "invalid_request")
    text = (answer.json or {}).get("message", "").lower()
    checks.that("the answer says what to do instead", "message" in text and "archive" in text, answer)
    checks.status("any other state: 400", daemon.server.post(path, {"state": "maybe"}), 400, "invalid_request")
    checks.status("a plan that is not the newest: 409", daemon.server.post(path, {"planId": "0" * 32}), 409, "conflict")
    since = daemon.head
    listed = daemon.server.get(f"/api/sessions/{ids['waiting']}/activities").json["activities"]
    plan = [item["planGenerated"]["plan"]["id"] for item in listed if "planGenerated" in item][-1]
    answer = daemon.server.post(path, {"state": "approved", "planId": plan})
    checks.status("the newest plan is approved", answer, 200)
    checks.equal("the answer is the session after the approval", (answer.json or {}).get("state"), "IN_PROGRESS", answer)
    checks.that("the approval is in the feed at once", daemon.await_delta(since, lambda d: d["id"] == ids["waiting"], 5))
    second = simulator.add(state="AWAITING_PLAN_APPROVAL")
    until(lambda: daemon.server.get(f"/api/sessions/{second}").status == 200)
    checks.status("an approval without a body is accepted", daemon.server.post(f"/api/sessions/{second}/approve"), 200)
    answer = daemon.server.post(f"/api/sessions/{ids['queued']}/approve")
    checks.status("an approval that Jules refuses has Jules's status", answer, 400, "jules_error")


def messages(checks, daemon, ids):
    path = f"/api/sessions/{ids['asking']}/message"
    for size, status in ((0, 400), (1, 200), (20_000, 200), (20_001, 400)):
        answer = daemon.server.post(path, {"message": "é" * size})
        checks.status(f"a message of {size} characters: {status}", answer, status, "invalid_request" if status == 400 else None)
        if status == 200:
            checks.equal("its answer", answer.json, {"ok": True})
    answer = daemon.server.post(f"/api/sessions/{ids['queued']}/message", {"message": "x"})
    checks.status("to a session in the queue: 409", answer, 409, "conflict")
    checks.equal("the answer says to try again", (answer.json or {}).get("retry"), True, answer)
    sent = until(lambda: [i for i in daemon.server.get(f"/api/sessions/{ids['asking']}/activities?limit=500").json["activities"] if "userMessaged" in i])
    checks.that("the message is in the history", sent)


def shelf(checks, daemon, simulator, ids):
    since = daemon.head
    answer = daemon.server.post(f"/api/sessions/{ids['done']}/archive")
    checks.that("archive answers with the session", answer.status == 200 and answer.json.get("archived") is True, answer)
    checks.that("the archived session leaves the list", ids["done"] not in [s["id"] for s in daemon.sessions("?limit=500")])
    delta = daemon.await_delta(since, lambda d: d["id"] == ids["done"], 5)
    checks.that("archiving is an update in the feed", delta and delta["changeType"] == "updated" and delta["after"]["archived"], delta)
    answer = daemon.server.post(f"/api/sessions/{ids['done']}/unarchive", {})
    checks.that("unarchive answers with the session", answer.status == 200 and not answer.json.get("archived"), answer)
    checks.that("the session is in the list again", ids["done"] in [s["id"] for s in daemon.sessions("?limit=500")])
    since = daemon.head
    answer = daemon.server.ask("DELETE", f"/api/sessions/{ids['done']}")
    checks.status("delete: 204", answer, 204)
    checks.equal("delete answers without a body", answer.body, b"")
    checks.status("the session is gone", daemon.server.get(f"/api/sessions/{ids['done']}"), 404, "not_found")
    checks.status("it cannot be deleted again", daemon.server.ask("DELETE", f"/api/sessions/{ids['done']}"), 404, "not_found")
    delta = daemon.await_delta(since, lambda d: d["id"] == ids["done"], 5)
    checks.that("the deletion is in the feed", delta and delta["changeType"] == "deleted" and delta["after"] is None and delta["before"]["id"] == ids["done"], delta)
    simulator.server.ask("DELETE", f"/simulator/sessions/{ids['working']}")
    delta = daemon.await_delta(since, lambda d: d["id"] == ids["working"] and d["changeType"] == "deleted")
    checks.that("a deletion by somebody else is in the feed", delta)


def sources(checks, daemon):
    answer = daemon.server.get("/api/sources")
    checks.status("sources", answer, 200)
    checks.that("each source has its name", answer.json["sources"] and all(re.match("sources/", s["name"]) for s in answer.json["sources"]), answer)
