# SPDX-License-Identifier: Apache-2.0
"""Signing in and out, and what a reader needs before sessions are shown."""
from checks import until
from page import Jules, Page
from programs import TOKEN, Daemon, free_port

KEPT = "[sessionStorage.getItem('julesd.token'), localStorage.getItem('julesd.token')]"


def run(checks):
    jules = Jules()
    jules.add(state="IN_PROGRESS", title="Only one")
    port = free_port()
    daemon = Daemon(jules, PORT=port, WRONG_TOKEN_LIMIT=2)
    page = Page(daemon, token=None)
    checks.equal("the page asks for the token", page.texts("h1"), ["julesd"])
    page.fill("#token", "wrong-token-0123456789")
    page.press("Enter")
    page.see("form.signin .trouble", "not the right token")
    checks.equal("a wrong token is not stored", page.run(KEPT), [None, None])
    for _ in range(2):
        page.fill("#token", "wrong-token-0123456789")
        page.click("form.signin .primary")
        until(lambda: not page.run("document.querySelector('form.signin .primary').disabled"))
    page.see("form.signin .trouble", "Try again in")
    checks.that("after too many wrong tokens the page says how long to wait", True)
    daemon.stop()

    page.fill("#token", TOKEN)
    page.press("Enter")
    page.see("form.signin .trouble", "does not answer")
    checks.that("the page says that the daemon does not answer", True)
    daemon = Daemon(jules, PORT=port)
    page.press("Enter")
    page.see(".connection", "Live")
    checks.equal("the token is stored for the tab", page.run(KEPT), [TOKEN, None])
    page.reload()
    page.see(".connection", "Live")
    checks.that("a reload needs no token", True)

    page.click("[popovertarget]")
    page.click(".menu button", "Sign out")
    page.see("form.signin")
    checks.equal("signing out deletes the token", page.run(KEPT), [None, None])
    checks.that("signing out removes what was shown", "Only one" not in page.text())
    page.sign_in(remember=True)
    checks.equal("on request the token is stored in the browser", page.run(KEPT), [None, TOKEN])

    daemon.stop()
    page.see(".banner", "julesd does not answer")
    page.see(".connection", "Reconnecting")
    checks.that("the page marks its content as not live", page.run("document.body.classList.contains('stale')"))
    daemon = Daemon(jules, PORT=port, token="another-token-0123456789")
    page.see("form.signin .trouble", "not accepted any more", seconds=30)
    checks.equal("a token that is refused later is deleted", page.run(KEPT), [None, None])
    daemon.stop()

    daemon = Daemon(jules, PORT=port)
    page.sign_in()
    page.see(".connection", "Live")
    daemon.stop()
    daemon = Daemon(jules, PORT=port, ALLOWLIST="10.1.2.0/24")
    page.see(".banner", "ALLOWLIST", seconds=30)
    checks.that("the page says that its address is no longer admitted", True)
    daemon.stop()

    # '=' and '/' are not allowed in a subprotocol of a WebSocket.
    odd = "odd/token+0123456789=="
    daemon = Daemon(jules, PORT=port, token=odd)
    page.reload()
    page.see("form.signin")
    page.sign_in(odd)
    page.see(".connection", "Live")
    jules.add(state="QUEUED", title="By the event stream")
    page.go("#/sessions")
    page.see(".row", "By the event stream")
    checks.that("a token that a WebSocket cannot carry works through the event stream", True)
    checks.equal("the page reports no errors", page.troubles, [])
    page.stop()
    daemon.stop()

    # A daemon with its own limit. The page stays below it, or waits.
    daemon = Daemon(jules, RATE_LIMIT=60)
    page = Page(daemon)
    page.see(".connection", "Live")
    for turn in range(8):
        jules.add(state="AWAITING_PLAN_APPROVAL", title=f"Turn {turn}")
    page.see(".badge", "8")
    checks.equal("the default RATE_LIMIT is enough for a busy minute", page.texts(".banner"), [])
    checks.equal("the page reports no errors with a limit", page.troubles, [])
