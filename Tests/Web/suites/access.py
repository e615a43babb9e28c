# SPDX-License-Identifier: Apache-2.0
"""Checks each view with axe-core, in both themes."""
import glob
import json
import os
import subprocess
import tempfile
import zipfile

from checks import until
from page import Jules, Page
from programs import Daemon

# Contains axe.min.js 4.12, which no Debian package has.
PACKAGE = "axe-playwright-python==0.1.8"


def axe():
    """The text of axe.min.js."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["python3", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder, PACKAGE],
                       check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
        with zipfile.ZipFile(glob.glob(f"{folder}/*.whl")[0]) as wheel:
            return wheel.read("axe_playwright_python/axe.min.js").decode()


def run(checks):
    script = axe()
    jules = Jules("--sessions", "30", "--active", "12")
    for state in ("AWAITING_PLAN_APPROVAL", "AWAITING_USER_FEEDBACK", "FAILED", "PAUSED", "QUEUED"):
        jules.add(state=state)
    jules.add(state="IN_PROGRESS", title="Watched", source="sources/github/acme/harbor")
    jules.control("/clock", {"advance": "4min"})
    daemon = Daemon(jules, NOTIFY_WEBHOOK="http://127.0.0.1:9/", TASKS_AT_ONCE="1")
    for title in ("Queued first", "Queued second"):
        daemon.server.post("/api/sessions", {"prompt": title, "title": title, "queue": True})
    for dark in (False, True):
        page = Page(daemon, dark=dark, token=None)
        # The page's policy would block axe.
        page.call("Page.setBypassCSP", page.session, enabled=True)
        page.reload()
        theme = "dark" if dark else "light"

        def look(what):
            page.run(f"window.axe || (() => {{ {script} }})(); null")
            # During layout, text may briefly lie over other elements. Only a finding that lasts counts.
            found = []

            def clean():
                found[:] = page.run("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => [v.id, v.help, ...v.nodes.slice(0, 4).map(n => n.html.slice(0, 300) + ' ' + n.failureSummary)]))")
                return not found

            until(clean, 5)
            checks.that(f"{what}, {theme}: axe finds nothing", not found, json.dumps(found, indent=1))

        page.see("form.signin")
        look("sign-in")
        page.sign_in()
        page.see(".card .steps", seconds=30)
        look("inbox")
        page.click("[popovertarget]")
        look("the menu")
        page.press("Escape")
        page.press("?")
        page.see("dialog")
        look("the keys")
        page.press("Escape")
        page.go("#/sessions")
        page.see(".row")
        page.press("j")
        page.press("x")
        page.see(".bulk")
        look("sessions")
        done = daemon.sessions("?state=COMPLETED")[0]["id"]
        for tab in ("", "/changes", "/history"):
            page.go(f"#/session/{done}{tab}")
            page.see(".session .tabs")
            until(lambda: page.count(".timeline li, .patch-file, .history li"))
            look(f"a session{tab}")
        waiting = daemon.server.get("/api/inbox").json["items"][0]["sessionId"]
        page.go(f"#/session/{waiting}")
        page.see(".waiting .card")
        look("a session that waits")
        page.go("#/new")
        page.see("form.new")
        page.click("form.new .primary")
        page.click("[aria-label=Repository]")
        page.see(".choices")
        look("a new session")
        page.go("#/health")
        page.see(".facts-card")
        page.see("tr[draggable]", "Queued second")
        page.press("j")
        look("health")
        page.size(360, 740)
        for view in ("inbox", "sessions", f"session/{waiting}", "new", "health"):
            page.go(f"#/{view}")
            until(lambda: page.run("document.querySelector('main').innerText.length > 30"))
            look(f"{view.split('/')[0]} at 360 px")
        checks.equal(f"{theme}: the page reports no errors", page.troubles, [])
        page.stop()
