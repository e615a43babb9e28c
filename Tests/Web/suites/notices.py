# SPDX-License-Identifier: Apache-2.0
"""The browser's notifications. Each one appears once."""
import tempfile

from checks import until
from page import Jules, Page
from programs import Daemon, free_port

# A headless browser shows no notifications, so this class replaces them and records them.
COUNT = """
window.shown = [];
window.Notification = class { constructor(title, options) { shown.push(`${title}: ${options.body}`); } static permission = 'granted'; static requestPermission() { return Promise.resolve('granted'); } };
"""


def run(checks):
    jules = Jules()
    sessions = [jules.add(state="IN_PROGRESS", title=f"Task {n}", source="sources/github/acme/harbor") for n in range(3)]
    port = free_port()
    settings = {"PORT": port, "PERSIST": 1, "DATA_DIR": tempfile.mkdtemp(prefix="julesd-web-")}
    daemon = Daemon(jules, **settings)
    until(lambda: len(daemon.sessions()) == 3)
    page = Page(daemon, token=None)
    page.call("Page.addScriptToEvaluateOnNewDocument", page.session, source=COUNT)
    page.reload()
    page.sign_in()
    page.see(".connection", "Live")
    page.click("[popovertarget]")
    page.click(".menu button", "Notifications: off")
    page.see(".menu button", "Notifications: on")
    page.run("document.hasFocus = () => false")
    jules.command(sessions[0], "ask", text="Which one?")
    wanted = ["Task 0: acme/harbor: Jules waits for your answer."]
    until(lambda: page.run("shown") == wanted)
    checks.equal("a waiting session causes a notification", page.run("shown"), wanted)
    daemon.stop()
    jules.command(sessions[1], "complete")
    daemon = Daemon(jules, **settings)
    wanted.append(until(lambda: next((text for text in page.run("shown") if text.startswith("Task 1")), None)))
    checks.equal("after a reconnect the missed events cause notifications, each one once", page.run("shown"), wanted)
    checks.that("the notification names the outcome", "Completed" in str(wanted[1]), wanted)
    page.run("document.hasFocus = () => true")
    jules.command(sessions[2], "fail", reason="x")
    page.see(".card", "Task 2")
    checks.equal("a page that has the focus causes no notification", page.run("shown"), wanted)
    checks.equal("the page reports no errors", page.troubles, [])
