# SPDX-License-Identifier: Apache-2.0
"""The description of the API: /docs in a browser, /openapi.json compared with real answers, and a run of schemathesis."""
import json
import os
import subprocess
import tempfile
import venv

from page import Jules, Page
from programs import TOKEN, Daemon
from suites.access import axe

here = os.path.dirname(os.path.realpath(__file__))
# No Debian package has schemathesis, and jsonschema in Debian is too old.
PACKAGES = ["schemathesis==4.32.5", "jsonschema==4.26.0"]


def run(checks):
    jules = Jules("--sessions", "12", "--active", "4")
    for state in ("AWAITING_PLAN_APPROVAL", "AWAITING_USER_FEEDBACK", "FAILED"):
        jules.add(state=state)
    daemon = Daemon(jules, NOTIFY_WEBHOOK="http://127.0.0.1:9/")
    shown(checks, daemon)
    python = tools()
    program = [python, f"{here}/../conformance.py", f"http://127.0.0.1:{daemon.port}", TOKEN]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120)
    checks.that("real answers match the description", done.returncode == 0, done.stdout, done.stderr)
    fuzzed(checks, daemon, os.path.dirname(python))


def shown(checks, daemon):
    script = axe()
    page = Page(daemon, token=None, view="docs")
    page.see("article", "planId")
    described = json.loads(daemon.server.get("/openapi.json").body)
    calls = sum(verb != "parameters" for item in described["paths"].values() for verb in item)
    checks.equal("/docs shows all calls", page.count("article h3 .method"), calls)
    checks.equal("/docs shows all objects", page.count("article[id^=schema-]"), len(described["components"]["schemas"]))
    checks.equal("each link in the page has a target",
                 page.run("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href').slice(1)).filter(id => !document.getElementById(id))"), [])
    checks.equal("the page reports no errors and no violation of its policy", page.troubles, [])
    page.call("Page.setBypassCSP", page.session, enabled=True)
    page.reload()
    page.see("article", "planId")
    page.run(f"(() => {{ {script} }})(); null")
    for dark in (False, True):
        page.theme(dark)
        found = page.run("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => [v.id, v.help, ...v.nodes.slice(0, 4).map(n => n.html.slice(0, 300) + ' ' + n.failureSummary)]))")
        checks.that(f"axe finds nothing, {'dark' if dark else 'light'}", not found, json.dumps(found, indent=1))
        if folder := os.environ.get("PICTURES"):
            page.picture(f"{folder}/docs-{'dark' if dark else 'light'}.png")
    page.stop()


def tools():
    """A Python with schemathesis and jsonschema. It is kept for the next run."""
    folder = f"{tempfile.gettempdir()}/julesd-{'-'.join(PACKAGES)}-{os.getuid()}"
    python = f"{folder}/bin/python3"
    ready = f"{folder}/ready"
    if not os.path.exists(ready):
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)
        open(ready, "w").close()
    return python


def fuzzed(checks, daemon, programs):
    """Runs all checks with a bounded number of examples, which are always the same."""
    done = subprocess.run(
        [f"{programs}/schemathesis", "--config-file", f"{here}/../schemathesis.toml", "run", f"http://127.0.0.1:{daemon.port}/openapi.json"],
        capture_output=True, text=True, timeout=400, env={**os.environ, "JULESD_TOKEN": TOKEN, "NO_COLOR": "1"}, cwd=daemon.folder)
    checks.that("schemathesis finds nothing", done.returncode == 0, done.stdout[-12000:], done.stderr[-2000:])
    checks.equal("the daemon reports no internal error", daemon.entries("internal_error"), [])
