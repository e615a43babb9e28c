# SPDX-License-Identifier: Apache-2.0
"""A new session: searchable pickers, errors next to their fields, and one session for one submission."""
from checks import until
from page import Jules, Page
from programs import Daemon

REPOSITORY, BRANCH, PROMPT = (f"form.new {rest}" for rest in ("[aria-label=Repository]", "[aria-label=Branch]", "textarea"))
LOSE = """(() => {
    const real = window.fetch;
    window.asked = 0;
    window.fetch = async (...order) => {
        const answer = await real(...order);
        if (order[1]?.method !== 'POST') return answer;
        asked += 1;
        if (asked === 1) throw new TypeError('the answer got lost');
        return answer;
    };
})()"""


def run(checks):
    jules = Jules()
    daemon = Daemon(jules)
    known = daemon.server.get("/api/sources").json["sources"][0]["githubRepo"]
    name = f"{known['owner']}/{known['repo']}"
    page = Page(daemon, view="#/new")
    page.see("h1", "New session")
    page.see(".new .hint", "")
    heights = [page.run(f"document.querySelector('.new .hint').textContent = {text}, document.querySelector('form.new .primary').getBoundingClientRect().y")
               for text in ("''", "'Reading your repositories…'", "''")]
    checks.equal("the button stays in its place while repositories are read", len({round(height) for height in heights}), 1)
    page.click("form.new .primary")
    page.see(".field-error", "Prompt is required.")
    checks.that("an error is next to its field, which has the focus", "textarea" in page.focused, page.focused)
    checks.equal("a screen reader announces the error", page.run("document.querySelector('[aria-invalid]').localName"), "textarea")

    page.click(REPOSITORY)
    page.see(".choices li", name)
    page.fill(REPOSITORY, known["repo"][2:])
    page.see(".choices li", name)
    page.press("Enter")
    checks.equal("a repository is found by a part of its name", page.run(f"document.querySelector('{REPOSITORY}').value"), name)
    checks.equal("the default branch of the repository is filled in", page.run(f"document.querySelector('{BRANCH}').value"), known["defaultBranch"]["displayName"])
    page.click(BRANCH)
    checks.that("the branches of the repository are offered", len(page.texts(".choices li")) == len(known.get("branches", [1])), page.texts(".choices li"))
    page.press("Escape")
    page.fill(PROMPT, "Write a test\nthat fails first")
    page.reload()
    page.see("h1", "New session")
    checks.equal("the draft survives a reload", [page.run(f"document.querySelector('{PROMPT}').value"), page.run(f"document.querySelector('{REPOSITORY}').value")],
                 ["Write a test\nthat fails first", name])

    page.run(LOSE)
    page.click("form.new .primary")
    page.see(".session h1", "Write a test")
    checks.equal("after a lost answer the request is repeated", page.run("asked"), 2)
    until(lambda: len(daemon.sessions()) >= 1)
    sessions = daemon.sessions()
    checks.equal("the repeated request makes one session", len(sessions), 1)
    checks.equal("the session has the values of the form", [sessions[0]["prompt"], sessions[0]["requirePlanApproval"], sessions[0]["automationMode"]],
                 ["Write a test\nthat fails first", True, "AUTO_CREATE_PR"])
    page.go("#/new")
    page.see("h1", "New session")
    checks.equal("the next form is empty except for the choices", [page.run(f"document.querySelector('{PROMPT}').value"), page.run(f"document.querySelector('{REPOSITORY}').value")], ["", name])
    page.fill(PROMPT, "Another one")
    page.fill(REPOSITORY, "nobody/knows-it")
    page.press("Escape")
    page.fill(BRANCH, "main")
    page.press("Escape")
    page.click("form.new .primary")
    page.see(".field-error", "nobody/knows-it")
    checks.equal("an error that the daemon finds is next to its field too", page.run("document.querySelector('[aria-invalid]').ariaLabel"), "Repository")
    page.fill(REPOSITORY, name)
    page.press("Enter")
    jules.fault(fault="refuse", operation="sessions.create")
    page.click("form.new .primary")
    page.see("form.new > .trouble", "Precondition")
    checks.equal("a refusal by Jules is shown, and the form stays", page.run(f"document.querySelector('{PROMPT}').value"), "Another one")
    checks.equal("the page reports no errors", page.troubles, [])
