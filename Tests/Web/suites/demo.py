# SPDX-License-Identifier: Apache-2.0
"""`make run`, as a new user sees it."""
import os

from checks import until
from page import Page
from programs import Daemon, Program, free_port

SCRIPT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../../packaging/demo/run.sh")


class Demo(Program):
    """The script of `make run`, with the interface of a daemon."""

    def __init__(self):
        super().__init__([SCRIPT, os.path.dirname(Daemon.binary)], {"PORT": str(free_port())}, name="demo")
        self.wait_for(lambda: "Ctrl-C ends both" in self.output, "address and token")
        address, token = [line for line in self.lines() if line][:2]
        self.port = int(address.strip().removesuffix("/").split(":")[2])
        self.token = token.split()[1]


def run(checks):
    demo = Demo()
    page = Page(demo, token=demo.token)
    checks.that("within ten seconds a plan waits and its steps are shown", page.see(".card[data-reason=plan] .steps", seconds=10))
    checks.that("a question waits too", page.see(".card[data-reason=question] blockquote", seconds=10))
    chosen = page.run("document.querySelector('.card[data-reason=plan]:has(.steps)').dataset.id")
    page.click(f".card[data-id='{chosen}'] [data-action=approve]")
    page.gone(f".card[data-id='{chosen}']")
    page.go(f"#/session/{chosen}")
    page.see(".timeline .event", "Plan approved")
    before = page.count(".timeline > li")
    checks.that("Jules works on an approved plan", until(lambda: page.count(".timeline > li") > before, 60))
    page.go("#/new")
    page.see("form.new")
    page.fill("form.new textarea", "Add a retry to the uploader")
    page.press("Enter", control=True)
    page.see(".session h1", "Add a retry")
    checks.that("a new session makes its plan", page.see(".waiting .steps", seconds=60))
    checks.equal("the page reports no errors", page.troubles, [])
