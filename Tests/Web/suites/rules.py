# SPDX-License-Identifier: Apache-2.0
"""The decisions of rules, and how to cancel one."""
import tempfile

from checks import until
from page import Jules, Page
from programs import Daemon


def run(checks):
    jules = Jules()
    folder = tempfile.mkdtemp(prefix="julesd-rules-")
    with open(f"{folder}/40-docs.rule", "w") as file:
        file.write("[Match]\nOn=plan\n[Action]\nApprove=yes\nAfter=1h\n")
    daemon = Daemon(jules, RULES_DIR=folder)
    page = Page(daemon)
    page.go("#/health")
    page.see(".quiet", "No rule has decided anything.")
    daemon.stop()
    page.see(".table .trouble", "julesd does not answer")
    daemon = Daemon(jules, RULES_DIR=folder, PORT=daemon.port)
    checks.that("after an outage the same table is shown again", page.see(".quiet", "No rule has decided anything.", seconds=40))
    # The simulator's clock has stood still. A rule acts only on events after it came into force.
    jules.pass_time("2min")
    plan = jules.add(state="IN_PROGRESS", title="Has a plan")
    until(lambda: len(daemon.sessions()) == 1)
    jules.command(plan, "plan")
    decided = until(lambda: daemon.server.get("/api/decisions").json["decisions"])
    page.see("td", "40-docs", seconds=40)
    page.see(".chip", "waiting")
    page.click(f"[data-key='{decided[0]['id']}']", "Cancel")
    page.see(".chip", "dropped")
    checks.equal("a decision can be cancelled in the page", daemon.server.get("/api/decisions").json["decisions"][0]["detail"], "cancelled by a person")
    page.see("td", "cancelled by a person")
    checks.that("a decision that has ended cannot be cancelled", page.gone(f"[data-key='{decided[0]['id']}']"))
    checks.equal("the page reports no errors", page.troubles, [])
