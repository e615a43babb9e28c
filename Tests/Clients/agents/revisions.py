# SPDX-License-Identifier: Apache-2.0
"""An agent's day with a real client of each revision of the Model Context Protocol, and a checker. All come unchanged from PyPI."""
import json
import os
import subprocess
import tempfile

from agents.packages import Packages
from programs import TOKEN, Daemon, Simulator

julesctl = None  # set by `run`
here = os.path.dirname(os.path.realpath(__file__))
# Pinned, because julesd is under test and not their next release. Each one uses this revision by default.
CLIENTS = {
    "2026-07-28": ["mcp==2.3.0"], "2025-11-25": ["mcp==1.30.0"], "2025-06-18": ["mcp==1.12.4", "pydantic<2.11"],
    "2025-03-26": ["mcp==1.9.4", "pydantic<2.11"],
}
CHECKER = "jbt-mcpcheck==0.1.1"
STEPS = [
    "connected", "tools", "created", "told of plan", "plan", "refused", "approved", "told of question", "question", "answered",
    "told of finished", "finished", "unknown tool", "done",
]


def run(checks):
    simulator = Simulator("--set", "activitiesDelay=0s", "--set", "messageWhileQueued404=false", "--set", "queued=1h")
    source = simulator.server.get("/v1alpha/sources", headers={"X-Goog-Api-Key": "any"}).json["sources"][0]["name"]
    repo = "/".join(source.split("/")[-2:])
    with tempfile.TemporaryDirectory(prefix="agents-") as folder:
        packages = Packages(checks, folder)
        daemon = Daemon(simulator, PERSIST=1, UNIX_SOCKET=f"{folder}/julesd.sock")
        url = f"http://127.0.0.1:{daemon.port}/mcp"
        control = simulator.base.rsplit("/v1alpha", 1)[0]
        for revision, wanted in CLIENTS.items():
            programs = packages.install(wanted[0], *wanted)
            if not programs:
                continue
            day(checks, wanted[0], revision, programs, [url, control, repo], JULESD_TOKEN=TOKEN)
            if wanted[0] in ("mcp==2.3.0", "mcp==1.30.0"):
                day(checks, f"{wanted[0]} through julesctl", revision, programs, [julesctl, control, repo],
                    JULESCTL_URL=f"unix:{folder}/julesd.sock")
        check(checks, packages, url)
        daemon.stop()


def day(checks, name, revision, programs, arguments, **environment):
    done = subprocess.run([f"{programs}/python", f"{here}/day.py", *arguments], capture_output=True, text=True, timeout=300,
                          env={"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir(), **environment})
    steps = {step["step"]: step for step in map(json.loads, done.stdout.splitlines())}
    checks.equal(f"{name} takes all steps of its day", list(steps), STEPS, done.stderr[-3000:])

    def step(title, name_, **wanted):
        got = steps.get(name_, {})
        checks.equal(f"{name}: {title}", {key: got.get(key) for key in wanted}, wanted, got)

    step("the right revision is used", "connected", version=revision)
    checks.equal(f"{name}: all tools are listed", len(steps.get("tools", {}).get("names", [])), 14)
    step("a session is created", "created", outcome="created")
    checks.that(f"{name}: the plan is read", steps.get("plan", {}).get("steps", 0) > 0 and steps["plan"]["waiting"] > 0, steps.get("plan"))
    step("the replaced plan is refused, and the newer one is named", "refused", failed=True, names_the_newer=True)
    step("the newer plan is approved", "approved", outcome="approved", state="IN_PROGRESS")
    step("the question is read", "question", text="Which branch?")
    step("it is answered", "answered", outcome="sent")
    step("git applies the diff, and its parts give the whole diff", "finished", applies=True, parts_agree=True)
    step("an unknown tool is reported", "unknown tool", told=True)
    if "progress" in steps.get("done", {}) and steps["done"]["progress"] is not None:
        checks.that(f"{name}: waits report progress", steps["done"]["progress"] > 0)


def check(checks, packages, url):
    programs = packages.install("checker", CHECKER)
    if programs:
        done = subprocess.run([f"{programs}/jbt-mcpcheck", "--token", TOKEN, url], capture_output=True, text=True, timeout=300)
        checks.equal("jbt-mcpcheck finds no fault", done.returncode, 0, done.stdout[-3000:], done.stderr[-1000:])
