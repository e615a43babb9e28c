# SPDX-License-Identifier: Apache-2.0
"""One session: its growing time line, its changes as a diff, and the actions on it."""
from checks import until
from page import Jules, Page
from programs import Daemon
from upstream import Upstream

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PATCH = """diff --git a/src/old name.py b/src/new name.py
similarity index 90%
rename from src/old name.py
rename to src/new name.py
--- a/src/old name.py
+++ b/src/new name.py
@@ -1,3 +1,4 @@
 first
--- a removed line that looks like a header
+++ an added line that looks like one
+second
 last
diff --git a/logo.png b/logo.png
new file mode 100644
Binary files /dev/null and b/logo.png differ
diff --git a/gone.txt b/gone.txt
deleted file mode 100644
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-gone
"""


def change(patch):
    return {"changeSet": {"source": "sources/github/acme/harbor", "gitPatch": {
        "unidiffPatch": patch, "baseCommitId": "36ead0a4caefc451b9652ed926a15af9570f4f35", "suggestedCommitMessage": "feat: rename"}}}


def run(checks):
    jules = Jules()
    session = jules.add(state="IN_PROGRESS", title="Look closely", prompt="Please rename the file.", source="sources/github/acme/harbor")
    jules.command(session, "hold")
    daemon = Daemon(jules)
    page = Page(daemon, view=f"#/session/{session}")
    page.see(".session h1", "Look closely")
    page.see(".message.user", "Please rename the file.")
    checks.that("a link opens the session", True)

    def happen(**activity):
        jules.command(session, "activity", activity=activity)

    happen(originator="agent", agentMessaged={"agentMessage": "Have a look at `main`:\n```\nx < y\n```"})
    page.see(".message.agent pre", "x < y")
    checks.that("a message arrives while the page is open, and its code is shown as code", True)
    happen(originator="agent", progressUpdated={"title": "Ran the tests"}, artifacts=[
        {"bashOutput": {"command": "make test", "output": "2 failed\n", "exitCode": 2}}])
    page.see(".terminal .exit", "exit status 2")
    page.see(".terminal .command", "make test")
    happen(originator="agent", progressUpdated={"title": "Took a picture"}, artifacts=[{"media": {"data": PICTURE, "mimeType": "image/png"}}])
    checks.that("an image is shown", until(lambda: page.run("[...document.querySelectorAll('.media img')].some(i => i.complete && i.naturalWidth === 1)")))
    happen(originator="system", somethingNew={"deep": ["value"]})
    page.see(".event", "somethingNew")
    checks.that("an activity of an unknown kind is shown unchanged", True)
    happen(originator="agent", progressUpdated={})
    happen(originator="agent", progressUpdated={"title": "Changed files"}, artifacts=[change(PATCH)])
    page.see(".event", "Changed files")

    page.fill(".composer textarea", "Thank you. Go on.")
    page.press("Enter", control=True)
    page.see(".message.user", "Thank you. Go on.")
    checks.equal("a message is sent once", [a for a in said(daemon, session)].count("Thank you. Go on."), 1)

    page.press("Escape")
    page.press("2")
    page.see(".patch-file .path", "src/new name.py")
    checks.equal("files are named", page.texts(".patch-file .path"), ["src/new name.py", "logo.png", "gone.txt"])
    checks.equal("lines are counted, also those in a hunk that look like a header", page.texts(".patch-file .counts"), ["+2 −1", "+0 −0", "+0 −1"])
    checks.equal("the kinds of changes are shown", page.texts(".patch-file .tag"), ["renamed", "binary", "deleted"])
    checks.that("the base commit is named", "36ead0a4caef" in page.text(".patch-head"))
    page.run("navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve(); }")
    page.click(".patch-head button")
    checks.equal("the patch is copied unchanged", until(lambda: page.run("window.copied")), PATCH)

    page.press("3")
    page.see(".history li")
    page.press("1")
    page.click(".session-top .button", "Again")
    page.see("h1", "New session")
    checks.equal("\"again\" opens a new session with the same prompt", until(lambda: page.run("document.querySelector('form.new textarea').value")), "Please rename the file.")
    page.go(f"#/session/{session}")
    page.see(".session h1", "Look closely")
    page.click(".session-top button", "Archive")
    page.click("dialog [data-yes]")
    page.see(".session .chip", "archived")
    checks.that("a session can be archived", daemon.server.get(f"/api/sessions/{session}").json["archived"])
    page.click(".session-top button", "Delete")
    page.see("dialog", "Look closely")
    page.click("dialog [data-yes]")
    page.see(".toast", "deleted")
    checks.equal("a session can be deleted", daemon.server.get(f"/api/sessions/{session}").status, 404)
    page.go("#/session/123")
    page.see(".empty h2", "There is no such session")
    checks.equal("the page reports no errors", page.troubles, [])
    page.stop()
    large(checks)


def large(checks):
    """A patch of 10 MB."""
    patch = "".join(f"diff --git a/f{n}.txt b/f{n}.txt\n--- a/f{n}.txt\n+++ b/f{n}.txt\n@@ -0,0 +1,25000 @@\n" + f"+{'x' * 99}\n" * 25_000 for n in range(4))
    session = {"name": "sessions/1", "id": "1", "title": "Large", "prompt": "Large", "state": "COMPLETED", "createTime": "2026-11-20T09:14:00Z"}
    daemon = Daemon(Upstream([session], {"1": [{"name": "a/1", "id": "1", "createTime": "2026-11-20T10:00:00Z", "progressUpdated": {"title": "All"}, "artifacts": [change(patch)]}]}))
    page = Page(daemon, view="#/session/1")
    page.see(".event", "All", seconds=60)
    page.run("""window.longest = 0;
        new PerformanceObserver(list => { for (const e of list.getEntries()) longest = Math.max(longest, e.duration); }).observe({type: 'longtask'})""")
    page.press("2")
    page.see(".patch-head", "+100,000", seconds=60)
    checks.equal("a patch of 10 MB is shown file by file, folded", [page.count(".patch-file"), page.count(".patch-file[open]")], [4, 0])
    page.click(".patch-file summary")
    page.see(".patch-file .more", "24,501 lines")
    checks.equal("a long file is drawn in parts", page.count(".patch-file[open] tr"), 500)
    page.click(".patch-file .more")
    page.see(".patch-file .more", "24,001 lines")
    print(f"      a patch of {len(patch) / 1e6:.1f} MB: the longest task took {page.run('longest'):.0f} ms")
    checks.equal("the page reports no errors with a large patch", page.troubles, [])


def said(daemon, session):
    activities = daemon.server.get(f"/api/sessions/{session}/activities?limit=500").json["activities"]
    return [a["userMessaged"]["userMessage"] for a in activities if "userMessaged" in a]
