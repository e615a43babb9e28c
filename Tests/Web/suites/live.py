# SPDX-License-Identifier: Apache-2.0
"""The page follows what happens: changes, restarts, gaps and upstream trouble."""
import tempfile

from checks import until
from page import Jules, Page
from programs import Daemon, free_port


def rows(page):
    return page.run("[...document.querySelectorAll('.row')].map(row => row.id.slice(4))")


def run(checks):
    jules = Jules()
    ids = [jules.add(state="IN_PROGRESS", title=f"Task {n}") for n in range(60)]
    port = free_port()
    folder = tempfile.mkdtemp(prefix="julesd-web-")
    settings = {"PORT": port, "PERSIST": 1, "DATA_DIR": folder}
    daemon = Daemon(jules, **settings)
    until(lambda: len(daemon.sessions("?limit=500")) == 60)
    page = Page(daemon, view="#/sessions")
    page.see(".row", "Task 59")
    checks.equal("the newest session comes first", page.texts(".row .title")[0], "Task 59")

    jules.command(ids[59], "fail", reason="No such branch")
    page.see(f"#row-{ids[59]} .chip", "Failed")
    checks.that("a change shows without a reload", True)
    page.run("document.querySelector('.rows').scrollTop = 1000")
    anchor = "(() => { const top = document.querySelector('.rows').getBoundingClientRect().top; return [...document.querySelectorAll('.row')].map(r => [r.id, r.getBoundingClientRect().top - top]).find(([, y]) => y >= 0); })()"
    before = until(lambda: page.run(anchor))
    ids.append(jules.add(state="QUEUED", title="Newcomer"))
    page.see(".lead", "61 sessions")
    checks.equal("a new session does not move the visible rows", page.run(anchor), before)
    page.run("document.querySelector('.rows').scrollTop = 0")
    page.see(".row", "Newcomer")

    page.run("window.same = true")
    daemon.stop()
    page.see(".banner", "Not live since")
    checks.that("a lost connection is shown with its time", True)
    jules.command(ids[58], "complete")
    ids.append(jules.add(state="QUEUED", title="Made meanwhile"))
    daemon = Daemon(jules, **settings)
    page.see(".connection", "Live")
    page.see(".row", "Made meanwhile")
    page.see(f"#row-{ids[58]} .chip", "Completed")
    page.run("document.querySelector('.rows').scrollTop = 0")
    shown = until(lambda: (lambda found: found if found[:1] == [ids[-1]] else None)(rows(page)))
    listed = [session["id"] for session in daemon.sessions("?limit=500")]
    checks.equal("over a restart no row is lost or doubled", shown, listed[:len(shown)])
    checks.that("the page shows the right number of sessions", "62 sessions" in page.text(".lead"), page.text(".lead"))
    checks.that("the page was not loaded again", page.run("window.same"))
    checks.equal("if the history is kept, nothing is reported as missed", page.texts(".banner"), [])
    daemon.stop()

    daemon = Daemon(jules, PORT=port)
    page.see(".banner", "missed; everything was read again", seconds=30)
    page.see(".lead", "62 sessions")
    checks.that("after a gap the page says so and reads everything again", True)
    jules.server.post(f"/v1alpha/sessions/{ids[0]}:archive", {}, headers={"X-Goog-Api-Key": "any"})
    jules.command(ids[1], "pause")
    page.go("#/sessions?state=PAUSED")
    page.see(".row", "Task 1")
    checks.that("the page shows the changes after that", True)

    jules.fault(fault="status", status=503)
    page.see(".banner", "Jules cannot be reached since", seconds=40)
    checks.that("upstream trouble is shown with the time of the last answer", "what you see is from then" in page.text(".banners"), page.text(".banners"))
    jules.mend()
    page.gone(".banner", "Jules cannot be reached", seconds=40)
    jules.fault(fault="status", status=401)
    page.see(".banner", "The daemon's API key does not work", seconds=40)
    checks.that("a refused key is shown", True)
    checks.equal("the page reports no errors", page.troubles, [])
