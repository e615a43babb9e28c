# SPDX-License-Identifier: Apache-2.0
"""The built julesctl through pipes and on a terminal, over TCP and over the Unix socket."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time

from checks import until
from programs import TOKEN, Daemon, Program, Simulator, free_port

binary = None  # set by `run`


class Control:
    """Runs julesctl with one address."""

    def __init__(self, url, **environment):
        self.environment = {"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir(), "JULESCTL_URL": url, **environment}

    def __call__(self, *arguments, input="", **environment):
        """Runs it with pipes. Returns `(status, output, errors)`."""
        done = subprocess.run([binary, *arguments], input=input, capture_output=True, text=True, timeout=60,
                              env={**self.environment, **environment})
        return done.returncode, done.stdout, done.stderr

    def json(self, *arguments):
        return json.loads(self(*arguments, "--json")[1])

    def terminal(self, *arguments, answers=(), columns=80, **environment):
        """Runs it on a terminal with this many columns. Each answer is `(text to wait for, text to type)`. Returns `(status, what was shown)`."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([binary, *arguments], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                   env={**self.environment, "TERM": "xterm", **environment})
        os.close(slave)
        shown, answers, deadline = b"", list(answers), time.monotonic() + 30
        while time.monotonic() < deadline:
            if select.select([master], [], [], 0.1)[0]:
                try:
                    part = os.read(master, 65536)
                except OSError:  # The other end is closed.
                    break
                if not part:
                    break
                shown += part
            if answers and answers[0][0].encode() in shown:
                os.write(master, answers.pop(0)[1].encode())
        else:
            process.kill()
        os.close(master)
        return process.wait(10), shown.decode(errors="replace").replace("\r\n", "\n")


def run(checks):
    simulator = Simulator("--set", "activitiesDelay=0s", "--set", "messageWhileQueued404=false")
    hostile = "\x1b]0;owned\x07 \u202edlrow\u202c 日本語 <b>&\nsecond line"
    plan = simulator.add(state="AWAITING_PLAN_APPROVAL", title="A plan waits", source="sources/github/acme/harbor")
    question = simulator.add(state="AWAITING_USER_FEEDBACK", title=hostile)
    working = simulator.add(state="IN_PROGRESS", title="At work")
    simulator.control("/clock", {"advance": "1s"})
    port = free_port()
    folder = tempfile.mkdtemp(prefix="julesctl-")
    daemon = Daemon(simulator, PORT=port, PERSIST=1, DATA_DIR=folder, UNIX_SOCKET=f"{folder}/julesd.sock")
    until(lambda: len(daemon.sessions()) == 3)
    control = Control(f"unix:{folder}/julesd.sock")
    remote = Control(f"http://127.0.0.1:{port}", JULESCTL_TOKEN=TOKEN)

    reaching(checks, simulator, daemon, control, remote, port, folder)
    reading(checks, control, plan, question, working)
    acting(checks, simulator, control, plan, question, working)
    following(checks, simulator, daemon, control, folder, port)
    queueing(checks, simulator)
    deciding(checks)


def reaching(checks, simulator, daemon, control, remote, port, folder):
    status, output, errors = control("status")
    checks.equal("status of a healthy daemon, over the Unix socket without a token", (status, errors), (0, ""), output)
    checks.that("status shows Jules, inbox and sessions", all(word in output for word in ("Jules", "inbox", "sessions")), output)
    checks.equal("status over TCP with JULESCTL_TOKEN", remote("status")[0], 0)
    token = os.path.join(folder, "token")
    with open(token, "w") as file:
        file.write(TOKEN + "\n")
    bare = Control(f"http://127.0.0.1:{port}")
    checks.equal("the token from --token-file", bare("list", "--token-file", token)[0], 0)
    checks.equal("the token from JULESCTL_TOKEN_FILE", bare("list", JULESCTL_TOKEN_FILE=token)[0], 0)
    status, output, errors = bare("list", JULESCTL_TOKEN="wrong-token-0123456789")
    checks.that("a wrong token: 1, with what to do", status == 1 and "JULESCTL_TOKEN" in errors and not output, errors)
    status, _, errors = bare("list", "--token-file", "/nonexistent")
    checks.that("a missing token file: 1, with its name", status == 1 and "/nonexistent" in errors, errors)
    status, _, errors = Control(f"http://127.0.0.1:{free_port()}")("status")
    checks.that("nobody listens: 2, with the address and a hint", status == 2 and "127.0.0.1" in errors and "hint" in errors, errors)
    status, _, errors = Control("unix:/nonexistent.sock")("list")
    checks.that("a missing socket: 2, with its path and a hint", status == 2 and "/nonexistent.sock" in errors and "hint" in errors, errors)
    for wrong in (["nonsense"], ["list", "--limit", "-1"], ["wait", "1", "--for", "finished", "--timeout", "soon"], ["show"],
                  ["list", "--url", "ftp://x"], ["show", "a b"]):
        status, output, errors = control(*wrong)
        checks.that(f"{' '.join(wrong)}: 64, and nothing on standard output", status == 64 and errors and not output, status, errors)
    simulator.fault(operation="sessions.list", fault="status", status=503)
    degraded = until(lambda: control("status")[0] == 1)
    checks.that("status while Jules fails: 1", degraded, control("status"))
    simulator.mend()
    checks.that("status after Jules is back: 0", until(lambda: control("status")[0] == 0))


def reading(checks, control, plan, question, working):
    status, output, errors = control("inbox")
    checks.that("the inbox shows both sessions that wait, and no other",
                status == 0 and plan in output and question in output and working not in output, output, errors)
    checks.equal("without a verb the inbox is shown", control()[1].split()[:5], output.split()[:5])
    items = control.json("inbox", "--reason", "plan")["items"]
    checks.equal("inbox --reason --json", [item["sessionId"] for item in items], [plan])
    sessions = control.json("list")["sessions"]
    checks.equal("list --json has every session", {s["id"] for s in sessions}, {plan, question, working})
    checks.equal("list --state", [s["id"] for s in control.json("list", "--state", "in_progress")["sessions"]], [working])
    checks.equal("list --repo in any case", [s["id"] for s in control.json("list", "--repo", "ACME/Harbor")["sessions"]], [plan])
    checks.equal("list -q", [s["id"] for s in control.json("list", "-q", "at WORK")["sessions"]], [working])
    checks.equal("list --limit", len(control.json("list", "--limit", "2")["sessions"]), 2)
    _, output, _ = control("list")
    checks.that("through a pipe there is no escape sequence", "\x1b" not in output and "\u202e" not in output, output)
    _, shown = control.terminal("list", columns=80)
    lines = re.sub(r"\x1b\[\d*m", "", shown).splitlines()
    checks.that("on a terminal there is colour", "\x1b[33m" in shown, shown)
    checks.that("no line is wider than the terminal", lines and all(sum(2 if ord(c) > 0x2e80 else 1 for c in line) <= 80 for line in lines), *lines)
    checks.that("a title cannot write to the terminal", "\x1b]" not in shown and "\x07" not in shown and "·]0" in shown, shown)
    _, plain = control.terminal("list", NO_COLOR="1")
    checks.that("with NO_COLOR there is no colour", "\x1b[" not in plain, plain)
    _, plain = control.terminal("list", TERM="dumb")
    checks.that("a dumb terminal gets no colour", "\x1b[" not in plain, plain)

    status, output, _ = control("show", plan[:12])
    checks.that("show accepts the beginning of an id, and shows plan and activities",
                status == 0 and plan in output and "PLAN" in output and "LAST ACTIVITIES" in output, output)
    checks.equal("show accepts the URL of a page", control("show", f"https://jules.google.com/session/{plan}")[0], 0)
    checks.equal("show --json is the session", control.json("show", plan)["id"], plan)
    status, _, errors = control("show", "99999999999999999999")
    checks.that("an unknown id: 1, with the id", status == 1 and "99999999999999999999" in errors, errors)
    common = os.path.commonprefix([plan, question, working])
    twins = [id for id in (plan, question, working) if id[0] == plan[0]]
    if len(twins) > 1 or common:
        status, _, errors = control("show", common or plan[0])
        checks.that("an ambiguous beginning: 1, with the ids", status == 1 and plan in errors, errors)
    for shell in ("bash", "zsh", "fish"):
        status, output, _ = control(f"--generate-completion-script={shell}")
        checks.that(f"completions for {shell} ask the program for ids", status == 0 and "---completion" in output, output[:300])
    script = f"""
source <({binary} --generate-completion-script bash)
COMP_WORDS=(julesctl show {plan[:3]}); COMP_CWORD=2; COMP_LINE="julesctl show {plan[:3]}"; COMP_POINT=${{#COMP_LINE}}
PATH={os.path.dirname(binary)}:$PATH
_julesctl; echo "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=control.environment, timeout=30)
    checks.that("bash completes a session's id", plan in done.stdout, done.stdout, done.stderr)


def acting(checks, simulator, control, plan, question, working):
    status, _, errors = control("approve", plan)
    checks.that("approve without a terminal asks for --yes", status == 1 and "--yes" in errors, errors)
    status, shown = control.terminal("approve", plan, answers=[("[y/N]", "n\n")])
    checks.that("approve shows the plan and accepts no", status == 1 and "1. " in shown, shown)
    status, _, errors = control("approve", plan, "--plan", "0" * 32, "--yes")
    checks.that("a plan that is not the newest is refused: 1", status == 1 and errors, errors)
    status, shown = control.terminal("approve", plan, answers=[("[y/N]", "y\n")])
    checks.that("approve with yes approves", status == 0 and "approved" in shown, shown)
    checks.that("the approved plan leaves the inbox", until(lambda: plan not in control("inbox")[1]))

    status, output, errors = control("message", question, "-", input="Line one\nline two\n")
    checks.equal("message reads standard input", (status, errors), (0, ""), output)
    status, output, errors = control("activities", question)
    checks.that("activities shows the message with both lines", "Line one" in output and "line two" in output, status, output, errors)
    status, output, errors = control("new", "--repo", "acme/harbor", "--require-approval", "--title", "From a script", input="Do it\n")
    new = output.strip()
    checks.that("new reads the prompt from standard input and prints the id", status == 0 and new.isdigit(), output, errors)
    checks.equal("what new made", {k: control.json("show", new)[k] for k in ("title", "prompt")},
                 {"title": "From a script", "prompt": "Do it\n"})
    status, _, errors = control("new", "--repo", "acme/nowhere", "Do it")
    checks.that("new in an unknown repository: 1, with the reason", status == 1 and errors, errors)

    simulator.command(working, "progress", title="Half way")
    simulator.command(working, "complete")
    checks.that("the end of the work is noticed", until(lambda: control.json("show", working)["state"] == "COMPLETED"))
    patch = until(lambda: control("diff", working)[1])
    applied = subprocess.run(["git", "apply", "--numstat"], input=patch, capture_output=True, text=True)
    checks.that("git reads what diff prints", applied.returncode == 0 and applied.stdout, patch, applied.stderr)
    status, _, errors = control("diff", new)
    checks.that("diff of a session without a patch: 1", status == 1 and "no patch" in errors, errors)

    checks.equal("archive", control("archive", working)[0], 0)
    checks.equal("the session is archived", control.json("show", working).get("archived"), True)
    checks.equal("unarchive", control("unarchive", working)[0], 0)
    status, _, errors = control("delete", new)
    checks.that("delete without a terminal asks for --yes", status == 1 and "--yes" in errors, errors)
    status, shown = control.terminal("delete", new, answers=[("[y/N]", "\n")])
    checks.that("an empty answer to delete means no", status == 1 and "cannot be undone" in shown, shown)
    # Its transfer thread may still be starting.
    ends = {control("delete", new)[0] for _ in range(100)}
    checks.equal("a command that ends before any request ends cleanly, 100 times of 100", ends, {1})
    checks.equal("delete --yes", control("delete", new, "--yes")[0], 0)
    status, _, errors = control("archive", new, working)
    checks.that("if one of two is missing: 1, and the other is deleted", status == 1 and new in errors
                and control.json("show", working).get("archived") is True, errors)


def following(checks, simulator, daemon, control, folder, port):
    session = simulator.add(state="IN_PROGRESS", title="Followed")
    until(lambda: any(s["id"] == session for s in daemon.sessions()))
    start = daemon.head
    watch = Program([binary, "watch", "--since", str(start), "--json"], control.environment, name="watch")
    follow = Program([binary, "activities", session, "--follow"], control.environment, name="follow")

    def told():
        found = []
        for line in watch.lines():
            if line.startswith("{"):
                found.append(json.loads(line)["seq"])
        return found

    simulator.command(session, "state", state="FIRST")
    checks.that("watch prints a change", until(lambda: len(told()) == 1), watch.output)
    simulator.control("/clock", {"advance": "1s"})
    simulator.command(session, "progress", title="Seen as it happens")
    checks.that("activities --follow prints new activities", until(lambda: "Seen as it happens" in follow.output), follow.output)
    daemon.stop()
    checks.that("watch reports that the connection is lost", until(lambda: "trying again" in watch.output), watch.output)
    daemon = Daemon(simulator, PORT=port, PERSIST=1, DATA_DIR=folder, UNIX_SOCKET=f"{folder}/julesd.sock")
    for state in ("SECOND", "THIRD"):
        simulator.command(session, "state", state=state)
        until(lambda: daemon.sessions(f"?q={session}")[0]["state"] == state)
    wanted = [delta["seq"] for delta in daemon.deltas(start)]
    checks.that("watch continues after the last change: every change once, in order", until(lambda: told() == wanted, 40), told(), wanted)
    simulator.command(session, "progress", title="After the restart")
    checks.that("activities --follow continues too", until(lambda: "After the restart" in follow.output, 40), follow.output)
    for program, name in ((watch, "watch"), (follow, "activities --follow")):
        before = program.output
        checks.equal(f"an interrupt ends {name} without a message", (program.stop(signal.SIGINT), program.output), (-signal.SIGINT, before))

    status, _, errors = control("wait", session, "--for", "finished", "--timeout", "1s")
    checks.that("wait after its timeout: 3", status == 3, errors)
    waiting = Program([binary, "wait", session, "--for", "attention"], control.environment, name="wait")
    simulator.command(session, "ask", text="Which way?")
    checks.equal("wait for attention: 0 when the agent asks", until(lambda: waiting.process.poll() is not None) and waiting.process.returncode, 0, waiting.output)
    checks.equal("wait for a state that is reached already: 0 at once", control("wait", session, "--for", "awaiting_user_feedback")[0], 0)
    waiting = Program([binary, "wait", session, "--for", "COMPLETED"], control.environment, name="wait")
    simulator.command(session, "fail", reason="no luck")
    checks.equal("wait for COMPLETED of a session that fails: 4", until(lambda: waiting.process.poll() is not None) and waiting.process.returncode, 4, waiting.output)
    _, shown = control.terminal("wait", session, "--for", "IN_PROGRESS", "--timeout", "2s")
    checks.that("on a terminal wait shows the present state", "\r" in shown and session in shown, shown)

    for _ in range(60):
        simulator.add(state="QUEUED", title="x" * 2000)
    total = simulator.control("")["sessions"]["total"]
    until(lambda: len(daemon.sessions("?limit=500&archived=all")) == total)
    piped = subprocess.run(["bash", "-c", f"set -o pipefail; {binary} list --json --limit 0 | head -c 100 >/dev/null; echo ${{PIPESTATUS[0]}}"],
                           capture_output=True, text=True, env=control.environment, timeout=30)
    checks.that("a reader that goes away ends it without a message", piped.stderr == "" and piped.stdout.strip() in ("0", "141"), piped)
    checks.equal("--json with every page", len(control.json("list", "--limit", "0")["sessions"]),
                 len(daemon.sessions("?limit=500")))
    daemon.stop()


def queueing(checks, simulator):
    """A daemon whose account has no room left today."""
    port = free_port()
    daemon = Daemon(simulator, PORT=port, TASKS_PER_DAY=1, TASKS_AT_ONCE=3)
    control = Control(f"http://127.0.0.1:{port}", JULESCTL_TOKEN=TOKEN)
    until(lambda: len(daemon.sessions()) == 3)
    first = control("new", "--queue", "Wait for room.")[1].strip()
    second = control("new", "--queue", "--priority", "10", "Wait, too.")[1].strip()
    checks.equal("queue --json: highest priority first", [entry["id"] for entry in control.json("queue")["entries"]], [second, first])
    _, output, errors = control("queue")
    checks.that("queue shows state, time and title", all(word in output for word in ("waiting", "in ", "Wait, too.")), output, errors)
    checks.equal("queue ID --priority moves the entry", control.json("queue", first[:9], "--priority", "50")["position"], 1)
    status, output, _ = control("queue", first)
    checks.that("queue ID shows one", status == 0 and "priority   50" in output, output)
    checks.equal("queue ID --cancel", control("queue", second, "--cancel")[0], 0)
    status, _, errors = control("queue", second, "--cancel")
    checks.that("once more: 1, and why", status == 1 and "cancelled" in errors, errors)
    status, output, _ = control("quota")
    checks.that("quota shows the use and when there is room", status == 0 and " of 1" in output and "next place in" in output, output)
    checks.equal("quota --json", control.json("quota")["perDay"]["limit"], 1)
    for wrong in (["queue", "--cancel"], ["queue", first, "--cancel", "--priority", "1"], ["queue", first, "--priority", "high"]):
        checks.equal(f"{' '.join(wrong)}: 64", control(*wrong)[0], 64)


def deciding(checks):
    """A rule that approves plans in an hour, and one that only notes what it would do."""
    folder = tempfile.mkdtemp(prefix="julesd-rules-")
    for name, match, action in (("10-dry", "Title=Trial", "DryRun=yes"), ("40-docs", "Existing=yes", "After=1h")):
        with open(f"{folder}/{name}.rule", "w") as file:
            file.write(f"[Match]\nOn=plan\nExisting=yes\n{match}\n[Action]\nApprove=yes\n{action}\n")
    simulator = Simulator("--set", "activitiesDelay=0s")
    first, second, trial = (simulator.add(state="AWAITING_PLAN_APPROVAL", title=title) for title in ("First", "Second", "Trial"))
    simulator.control("/clock", {"advance": "2s"})
    port = free_port()
    daemon = Daemon(simulator, PORT=port, RULES_DIR=folder)
    control = Control(f"http://127.0.0.1:{port}", JULESCTL_TOKEN=TOKEN)
    until(lambda: sorted(each["state"] for each in control.json("decisions")["decisions"]) == ["dry", "waiting", "waiting"])
    _, output, errors = control("decisions")
    checks.that("decisions tells rule, session, reason, action and state", all(word in output for word in (
        "40-docs", first, "plan", "approve", "waiting", "until ", "10-dry", "dry")), output, errors)
    checks.equal("decisions --rule", [each["sessionId"] for each in control.json("decisions", "--rule", "10-dry")["decisions"]], [trial])
    found = control.json("decisions", "--session", first)["decisions"]
    checks.equal("decisions --session, by the beginning of its id", [each["rule"] for each in control.json("decisions", "--session", first[:14])["decisions"]], ["40-docs"])
    checks.equal("decisions --limit", len(control.json("decisions", "--limit", "1")["decisions"]), 1)
    checks.equal("decisions --cancel", control("decisions", "--cancel", found[0]["id"])[:2], (0, f"cancelled {found[0]['id']}\n"))
    status, _, errors = control("decisions", "--cancel", found[0]["id"])
    checks.that("once more: 1, and why", status == 1 and "dropped" in errors, errors)
    status, _, errors = control("decisions", "--cancel", "dec_none")
    checks.that("of no decision: 1, and why", status == 1 and "dec_none" in errors, errors)
    states = {each["sessionId"]: (each["state"], each.get("detail")) for each in control.json("decisions")["decisions"]}
    checks.equal("only that one is dropped", states, {first: ("dropped", "cancelled by a person"), second: ("waiting", None), trial: ("dry", None)})
    _, shown = control.terminal("decisions")
    checks.that("on a terminal of 80 columns the states are there", "dropped" in shown and "waiting" in shown, shown)
    daemon.stop()
