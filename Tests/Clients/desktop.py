# SPDX-License-Identifier: Apache-2.0
"""docs/notifications on a desktop: a real notification daemon with its own bus and display."""
import json
import os
import signal
import subprocess
import tempfile

import julesctl
from checks import until
from programs import TOKEN, Daemon, Program, Simulator

folder = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../docs/notifications")


def run(checks):
    with tempfile.TemporaryDirectory() as units:
        with open(f"{folder}/julesd-notify.service") as unit, open(f"{units}/julesd-notify.service", "w") as copy:
            copy.write(unit.read().replace("%h/.local/bin", os.path.realpath(folder)))
        done = subprocess.run(["systemd-analyze", "--user", "verify", "--man=no", copy.name], capture_output=True, text=True,
                              env={**os.environ, "XDG_RUNTIME_DIR": units})
        checks.that("systemd understands the unit", done.returncode == 0 and not done.stderr, done.stderr)
    bus = Program(["dbus-daemon", "--session", "--nofork", "--print-address"])
    display = Program(["Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "800x600x24"])
    desktop = {
        "DBUS_SESSION_BUS_ADDRESS": bus.wait_for(lambda: next((line for line in bus.lines() if line.startswith("unix:")), None), "address"),
        "DISPLAY": ":" + display.wait_for(lambda: next((line for line in display.lines() if line.strip().isdigit()), None), "display"),
    }
    notices = Program(["dunst", "-conf", "/dev/null"], desktop)

    def dunstctl(*arguments):
        return subprocess.run(["dunstctl", *arguments], capture_output=True, text=True, timeout=20, env={**os.environ, **desktop})

    notices.wait_for(lambda: dunstctl("count", "displayed").returncode == 0, "notification daemon")
    jules = Simulator("--set", "activitiesDelay=0s")
    daemon = Daemon(jules)
    programs = tempfile.mkdtemp(prefix="julesd-desktop-")
    os.symlink(julesctl.binary, f"{programs}/julesctl")
    teller = Program(
        [f"{folder}/julesd-notify"],
        {**desktop, "PATH": f"{programs}:{os.environ['PATH']}", "JULESCTL_URL": f"http://127.0.0.1:{daemon.port}", "JULESCTL_TOKEN": TOKEN},
        start_new_session=True)
    try:
        teller.wait_for(lambda: daemon.server.get("/api/status").json["clients"]["events"], "follower")
        title = "--help <b>bold</b> \"quoted\" & $(touch /tmp/never) `x`\nsecond line"
        jules.control("/clock", {"advance": "1s"})
        jules.add(state="IN_PROGRESS", title="Nothing to tell")
        jules.add(state="AWAITING_PLAN_APPROVAL", title=title, source="sources/github/acme/harbor")
        until(lambda: int(dunstctl("count", "displayed").stdout or 0) + int(dunstctl("count", "waiting").stdout or 0) >= 1)
        dunstctl("close-all")

        def shown():
            data = json.loads(dunstctl("history").stdout)["data"][0]
            return [{key: value["data"] for key, value in one.items()} for one in data]

        told = until(shown)
        checks.equal("the session that waits gives one notification", [one["appname"] for one in told], ["julesd"])
        checks.equal("its title is the session's title on one line", told[0]["summary"], title.replace("\n", " "))
        checks.that("it contains the reason and the repository", "approval" in told[0]["body"] and "acme/harbor" in told[0]["body"], told[0])
    finally:
        # Ends all programs of the pipe, as systemd would at the end of the unit.
        os.killpg(teller.process.pid, signal.SIGTERM)
        teller.stop()
