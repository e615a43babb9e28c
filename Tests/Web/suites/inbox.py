# SPDX-License-Identifier: Apache-2.0
"""The items that wait for a person, and actions on them."""
from checks import until
from page import Jules, Page
from programs import Daemon


def card(id, rest=""):
    return f".cards .card[data-id='{id}'] {rest}"


def state(daemon, id):
    return daemon.server.get(f"/api/sessions/{id}?refresh=1").json["state"]


def run(checks):
    jules = Jules()
    daemon = Daemon(jules)
    page = Page(daemon)
    page.see(".empty h2", "Nothing waits for you")
    checks.that("an empty inbox says so", True)
    plan = jules.add(state="IN_PROGRESS", title="Has a plan")
    question = jules.add(state="IN_PROGRESS", title="Has a question")
    failed = jules.add(state="IN_PROGRESS", title="Goes wrong")
    until(lambda: len(daemon.sessions()) == 3)
    jules.command(plan, "plan")
    page.see(card(plan, ".steps"))
    jules.command(question, "ask", text="Which **branch** do you mean?")
    page.see(card(question, "blockquote"), "Which branch do you mean?")
    jules.command(failed, "fail", reason="The tests need a database")
    page.see(card(failed, "blockquote"), "The tests need a database")
    items = daemon.server.get("/api/inbox").json["items"]
    checks.equal("the oldest item comes first", page.texts(".cards .card h2"), [item["session"]["title"] for item in items])
    checks.that("the title shows the number of items", page.run("document.title").startswith("(3) "), page.run("document.title"))
    checks.that("the icon shows the number of items", page.run("document.querySelector('link[rel=icon]').href").startswith("data:image/png"))

    steps = next(item["planSteps"] for item in items if item["sessionId"] == plan)
    checks.equal("the plan's steps are shown", page.texts(card(plan, ".steps li > span")), steps[:6])
    page.click(card(plan, "[data-action=approve]"))
    page.gone(card(plan))
    checks.that("an approved plan leaves the inbox", until(lambda: state(daemon, plan) == "IN_PROGRESS"))

    page.fill(card(question, "textarea"), "The one called next")
    page.press("Enter", control=True)
    page.gone(card(question))
    said = daemon.server.get(f"/api/sessions/{question}/activities?limit=500").json["activities"]
    checks.that("an answer reaches Jules", any(a.get("userMessaged", {}).get("userMessage") == "The one called next" for a in said))

    jules.fault(fault="status", status=503)
    jules.command(question, "ask", text="And which file?")
    jules.mend()
    page.see(card(question, "blockquote"), "And which file?")
    jules.fault(fault="status", status=400, operation="sessions.sendMessage")
    page.fill(card(question, "textarea"), "All of them")
    page.click(card(question, "[type=submit]"))
    page.see(card(question, ".trouble"))
    checks.equal("a failed answer is shown with the reason, and its text is kept",
                 page.run(f"document.querySelector(\"{card(question, 'textarea')}\").value"), "All of them")
    jules.mend()
    page.click(card(question, "[type=submit]"))
    page.gone(card(question))

    page.click(card(failed, "[data-action=acknowledge]"))
    page.gone(card(failed))
    checks.that("an acknowledged item leaves the inbox", until(lambda: daemon.server.get("/api/inbox").json["items"] == []))
    page.see(".empty h2", "Nothing waits for you")
    checks.that("the title has no number if nothing waits", not page.run("document.title").startswith("("))
    checks.equal("the page reports no errors", page.troubles, [])
    page.stop()
    daemon.stop()
    replaced(checks)


def replaced(checks):
    """A plan is replaced after the page has read it."""
    jules = Jules()
    session = jules.add(state="AWAITING_PLAN_APPROVAL", title="Changes its plan")
    daemon = Daemon(jules, POLL_INTERVAL="60s")
    page = Page(daemon)
    page.see(card(session, ".steps"), seconds=30)
    jules.server.post(f"/v1alpha/sessions/{session}:sendMessage", {"prompt": "Do it otherwise"}, headers={"X-Goog-Api-Key": "any"})
    jules.command(session, "plan")
    old = daemon.server.get("/api/inbox").json["items"][0]["planId"]
    page.click(card(session, "[data-action=approve]"))
    page.see(card(session, ".trouble"), "The plan has changed")
    item = daemon.server.get("/api/inbox").json["items"][0]
    checks.that("a replaced plan is not approved", item["planId"] != old)
    checks.equal("the new plan is shown instead", page.texts(card(session, ".steps li > span")), item["planSteps"][:6])
    page.click(card(session, "[data-action=approve]"))
    page.gone(card(session))
    checks.that("the new plan can be approved", until(lambda: state(daemon, session) == "IN_PROGRESS"))
    checks.equal("the page reports no errors then", page.troubles, [])
