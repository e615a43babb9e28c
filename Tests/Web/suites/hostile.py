# SPDX-License-Identifier: Apache-2.0
"""Fills every field that comes from elsewhere with text that must stay text."""
from checks import until
from page import Page
from programs import Daemon
from upstream import Upstream

MARKUP = "<img src=x onerror=pwned()><script>pwned()</script><svg onload=pwned()><a href='javascript:pwned()'>x</a>\"'><b>bold</b>"
TEXTS = {
    "markup": MARKUP,
    "right to left": "\u202eevil\u2066\u200f abc \u05d0\u05d1\u05d2 \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "no blank": "x" * 100_000,
    "emoji": "👩‍👩‍👧‍👦🏴‍☠️" * 200 + "e" + "\u0301" * 500,
    "controls": "a\x00b\x07c\x1b[31mred\u2028line\u2029para\ufffe\ufeff",
    "template": "${pwned()} {{pwned()}} `</script>` ]]> <!-- -->",
}


def session(number, text):
    id = str(1000 + number)
    return {
        "name": f"sessions/{id}", "id": id, "title": text, "prompt": text, "state": ["AWAITING_PLAN_APPROVAL", "AWAITING_USER_FEEDBACK", text[:200] or "X"][number % 3],
        "url": "javascript:pwned()", "createTime": f"2026-11-20T09:14:{number:02}Z", "updateTime": text[:100],
        "sourceContext": {"source": f"sources/github/{text}", "githubRepoContext": {"startingBranch": text}, "workingBranch": text},
        "outputs": [{"pullRequest": {"url": "javascript:pwned()//1", "title": text, "description": text}}, {"pullRequest": {"url": f"https://example.com/{text[:500]}"}},
                    {"changeSet": patch(text)}, None, text[:50], {"x": 1}],
    }


def source(text):
    return {"name": f"sources/github/{text}", "githubRepo": {"owner": text, "repo": text, "defaultBranch": {"displayName": text}}}


def patch(text):
    one = text.replace("\n", " ")
    return {"source": text, "gitPatch": {"baseCommitId": text, "suggestedCommitMessage": text,
                                         "unidiffPatch": f"diff --git a/{one} b/{one}\n--- a/{one}\n+++ b/{one}\n@@ -1 +1,2 @@ {one}\n-{one}\n+{one}\n+{one}\n"}}


def activities(text):
    kinds = [
        {"agentMessaged": {"agentMessage": text}}, {"userMessaged": {"userMessage": text}},
        {"planGenerated": {"plan": {"id": "p" + text[:50].encode().hex(), "steps": [{"id": "1", "title": text, "description": text}, {"title": None}, None]}}},
        {"planApproved": {"planId": text}}, {"progressUpdated": {"title": text, "description": text}}, {"sessionFailed": {"reason": text}},
        {text[:60] or "k": {text[:60]: text}}, {"description": text},
        {"progressUpdated": {"title": "files"}, "artifacts": [
            {"bashOutput": {"command": text, "output": text, "exitCode": 1}}, {"media": {"data": text, "mimeType": "image/png"}},
            {"media": {"data": "PHN2Zz4=", "mimeType": f"image/svg+xml{text}"}}, {"media": {"data": text, "mimeType": text}}, {"changeSet": patch(text)}, {text[:30]: text}, None]},
        {"agentMessaged": {"agentMessage": f"```\n{text}\n```\n`{text[:90]}` **{text[:90]}** https://example.com/{text[:90]} javascript:pwned()"}},
        {"agentMessaged": None}, {"planGenerated": {}}, {"progressUpdated": {"title": 5, "description": ["x"]}},
    ]
    return [{"name": f"a/{n}", "id": f"{n:032x}", "createTime": f"2026-11-20T10:00:{n:02}Z", "originator": text[:50], **kind} for n, kind in enumerate(kinds)]


def run(checks):
    sessions = [session(n, text) for n, text in enumerate(TEXTS.values())]
    sessions += [{**session(n + 10, text), "state": "AWAITING_USER_FEEDBACK"} for n, text in enumerate(TEXTS.values())]
    upstream = Upstream(sessions[::-1], {s["id"]: activities(s["prompt"]) for s in sessions}, [source(text[:3000]) for text in TEXTS.values()])
    daemon = Daemon(upstream)
    until(lambda: len(daemon.sessions()) == len(sessions))
    page = Page(daemon, token=None)
    page.call("Page.addScriptToEvaluateOnNewDocument", page.session, source="window.pwned = () => { window.ran = true; };")
    page.reload()
    page.sign_in()
    page.see(".card", "Asks a question", seconds=30)

    def look(where):
        checks.that(f"{where}: no script ran", page.run("window.ran") is None)
        checks.equal(f"{where}: markup made no element", page.run("document.querySelectorAll('main img:not(.media img), main b, main script, main [onerror], main [onload], main svg:not(.icon)').length"), 0)
        checks.equal(f"{where}: links lead only to the web or into the page", page.run("[...document.querySelectorAll('a[href]')].map(a => a.href).filter(href => !/^(https?|blob):/.test(href))"), [])
        checks.that(f"{where}: nothing is wider than the page", page.run("document.documentElement.scrollWidth <= innerWidth && document.querySelector('main').scrollWidth <= innerWidth"),
                    page.run("[document.documentElement.scrollWidth, innerWidth, ...[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map(e => e.localName + '.' + e.className)]"))
        checks.equal(f"{where}: the page reports no errors", page.troubles, [])

    for width in (1280, 360):
        page.size(width)
        page.go("#/inbox")
        page.see(".card")
        checks.that("the text is shown unchanged", "<img src=x" in page.text(".cards"))
        look(f"the inbox at {width}")
        page.go("#/sessions")
        page.see(".row")
        look(f"the list at {width}")
        page.go("#/new?from=1000")
        page.see("form.new")
        page.run("document.querySelector('[aria-label=Repository]').click()")
        page.see(".choices li")
        look(f"the form at {width}")
        for name, one in zip(TEXTS, sessions):
            page.go(f"#/session/{one['id']}")
            page.see(".session .message")
            until(lambda: page.run("document.querySelector('.timeline')?.textContent.includes('Failed')"))
            page.run("document.querySelectorAll('.timeline details').forEach(e => { e.open = true; })")
            look(f"a session, {name}, at {width}")
            page.go(f"#/session/{one['id']}/changes")
            page.see(".patch-file")
            look(f"changes, {name}, at {width}")
    page.go("#/session/1001/changes")
    page.see(".patch-file .path", "[U+202E]")
    checks.that("characters that reorder code are made visible", True)
