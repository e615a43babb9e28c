# SPDX-License-Identifier: Apache-2.0
"""Takes the pictures of the documentation, with a simulated account in the middle of its day."""
import os

from checks import until
from page import Jules, Page
from programs import Daemon

QUESTION = ("The uploader has two retry paths: `Uploader.send` and the queue behind it. "
            "Shall both of them back off, or only the queue? I would leave `send` as it is, because callers already retry.")

PROMPT = ("Uploads fail when the gateway restarts.\n\nAdd a retry with exponential back-off and jitter to the uploader, three tries at most. "
          "Leave the public interface as it is, and cover the time-out with a test.")


def take(folder):
    os.makedirs(folder, exist_ok=True)
    jules = Jules("--sessions", "160", "--active", "14", "--seed", "11")
    jules.pass_time("3min")
    asking = jules.add(state="IN_PROGRESS", title="Add a retry with back-off to the uploader", prompt="Uploads fail when the gateway restarts. Add a retry with exponential back-off and jitter.",
                       source="sources/github/acme/harbor")
    failing = jules.add(state="IN_PROGRESS", title="Move the session store to the new cache", source="sources/github/fernhill/storefront")
    daemon = Daemon(jules)
    until(lambda: len(daemon.sessions("?limit=500")) >= 160)
    page = Page(daemon, width=1280, height=800)
    page.see(".card .steps", seconds=30)
    jules.pass_time("2min")
    jules.command(asking, "ask", text=QUESTION)
    jules.command(failing, "fail", reason="The test suite needs a database that the environment does not have: connection refused on port 5432.")
    page.see(".card blockquote", "back off")
    page.run("document.querySelector('[data-reason=failed]').scrollIntoView()")
    page.see(".card blockquote", "connection refused")
    page.run("document.querySelector('.inbox').scrollTop = 0")
    until(lambda: page.count(".card > p.quiet") == 0)
    done = next(s["id"] for s in daemon.sessions("?state=COMPLETED&limit=500") if any("pullRequest" in o for o in s.get("outputs", [])))

    def take(name, ready=()):
        if ready:
            page.see(*ready)
        page.run("document.querySelectorAll('.toast').forEach(e => e.remove()), document.activeElement.blur(), document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 60))))")
        page.picture(f"{folder}/{name}.png")

    take("inbox")
    page.go("#/sessions")
    take("sessions", (".row",))
    page.go(f"#/session/{done}")
    page.see(".timeline .event", seconds=30)
    take("session")
    page.go("#/new")
    page.see("form.new")
    page.fill("form.new textarea", PROMPT)
    page.fill("form.new [aria-label=Repository]", "acme/harbor")
    page.press("Enter")
    take("new")
    page.theme(dark=True)
    page.go("#/inbox")
    page.see(".card")
    page.go(f"#/session/{done}/changes")
    take("dark", (".patch-file",))
    page.theme(dark=False)
    page.size(360, 740, scale=1.5)
    page.go("#/inbox")
    take("phone", (".card",))
