# SPDX-License-Identifier: Apache-2.0
"""The queue, and the room that the account has left."""
from checks import until
from page import Jules, Page
from programs import Daemon


def run(checks):
    jules = Jules()
    daemon = Daemon(jules, TASKS_PER_DAY="2")
    page = Page(daemon)
    page.go("#/health")
    page.see(".quiet", "Nothing is queued.")
    for title in ("<b>First</b>", "Second", "Third", "Fourth"):
        daemon.server.post("/api/sessions", {"prompt": title, "title": title, "queue": True})
    until(lambda: sum(entry["state"] == "started" for entry in entries(daemon)) == 2)
    page.see("p.quiet", "Tasks in 24 hours: 2 of 2")
    page.see("p.quiet", "Next free place in 23 h")
    checks.that("the room that is left is shown as a bar", page.count("p.quiet meter[aria-label='Tasks in 24 hours']") == 1)
    page.see("td", "<b>First</b>")
    waiting = [entry["id"] for entry in entries(daemon) if entry["state"] == "waiting"]
    page.click(f"[data-key='{waiting[1]}Sooner']", "Sooner")
    checks.that("a task can be moved forward", until(lambda: entries(daemon)[0]["id"] == waiting[1]), entries(daemon))
    page.see("td", "10")
    page.click(f"[data-key='{waiting[0]}Cancel']", "Cancel")
    page.see(".chip", "cancelled")
    checks.equal("a task can be cancelled", next(entry["state"] for entry in entries(daemon) if entry["id"] == waiting[0]), "cancelled")
    checks.equal("the page reports no errors", page.troubles, [])


def entries(daemon):
    return daemon.server.get("/api/queue").json["entries"]
