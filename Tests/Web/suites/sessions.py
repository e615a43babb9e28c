# SPDX-License-Identifier: Apache-2.0
"""The list: filters in the URL, and actions on several sessions."""
from checks import until
from page import Jules, Page
from programs import Daemon


def run(checks):
    jules = Jules()
    harbor, ledger = "sources/github/acme/harbor", "sources/github/northwind/ledger"
    for n in range(6):
        jules.add(state="COMPLETED", title=f"Harbour {n}", source=harbor)
    for n in range(4):
        jules.add(state="IN_PROGRESS", title=f"Ledger {n}", prompt="Find the needle", source=ledger)
    daemon = Daemon(jules)
    until(lambda: len(daemon.sessions()) == 10)
    page = Page(daemon, view="#/sessions?repo=ACME%2Fharbor")
    page.see(".lead", "6 sessions")
    checks.that("the filters come from the URL", all("Harbour" in text for text in page.texts(".row .title")))
    checks.equal("the repository is selected", page.run("document.querySelector('[aria-label=Repository]').value"), "acme/harbor")
    page.go("#/sessions")
    page.see(".lead", "10 sessions")
    page.click(".filter", "At work")
    page.see(".lead", "4 sessions")
    checks.equal("the selected state is in the URL", page.run("location.hash"), "#/sessions?state=IN_PROGRESS")
    page.fill("[type=search]", "NEEDLE")
    page.see(".lead", "4 sessions")
    page.fill("[type=search]", "ledger 2")
    page.see(".lead", "1 session")
    checks.that("the search is in the URL", "q=ledger+2" in page.run("location.hash"), page.run("location.hash"))
    page.reload()
    page.see(".lead", "1 session")
    checks.equal("state and search survive a reload", page.texts(".row .title"), ["Ledger 2"])
    page.fill("[type=search]", "no such thing")
    page.see(".empty h2", "No session fits")

    page.go("#/sessions?state=COMPLETED")
    page.see(".lead", "6 sessions")
    page.click(".row:nth-child(1) .select")
    page.see(".bulk", "1 selected")
    page.click(".bulk button", "Select all 6")
    page.see(".bulk", "6 selected")
    page.click(".row:nth-child(6) .select")
    page.click(".row:nth-child(5) .select")
    page.see(".bulk", "4 selected")
    page.click(".bulk button", "Delete")
    page.see("dialog", "Delete 4 sessions?")
    checks.that("a confirmation says that the deletion cannot be undone", "cannot be undone" in page.text("dialog"), page.text("dialog"))
    page.click("dialog button", "Cancel")
    checks.equal("cancelling deletes nothing", len(daemon.sessions()), 10)
    page.click(".bulk button", "Delete")
    page.click("dialog [data-yes]")
    page.see(".lead", "2 sessions")
    page.see(".toast", "4 sessions deleted")
    checks.that("the selected sessions are deleted", until(lambda: len(daemon.sessions()) == 6))

    page.go("#/sessions?state=IN_PROGRESS")
    page.see(".lead", "4 sessions")
    page.click(".row:nth-child(1) .select")
    page.click(".row:nth-child(2) .select")
    page.click(".bulk button", "Archive")
    page.see("dialog", "Archiving stops that work")
    page.click("dialog [data-yes]")
    page.see(".lead", "2 sessions")
    checks.that("archived sessions leave the list", until(lambda: len(daemon.sessions("?archived=1")) == 2))
    page.go("#/sessions?archived=1")
    page.see(".lead", "2 sessions")
    page.click(".row:nth-child(1) .select")
    page.click(".bulk button", "Unarchive")
    page.see(".lead", "1 session")
    checks.that("and back", until(lambda: len(daemon.sessions("?archived=1")) == 1))

    # Another visit shows what has changed since.
    page.run("Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true}), document.dispatchEvent(new Event('visibilitychange'))")
    left = daemon.sessions("?state=IN_PROGRESS")[0]["id"]
    jules.command(left, "pause")
    until(lambda: daemon.server.get(f"/api/sessions/{left}").json["state"] == "PAUSED")
    page.reload()
    page.go("#/sessions?changed=1")
    page.see(".lead", "1 session")
    checks.equal("what changed since the last visit is marked", page.count(f"#row-{left} .touched"), 1)
    checks.equal("the page reports no errors", page.troubles, [])
