# SPDX-License-Identifier: Apache-2.0
"""Public clients of the Jules API, from PyPI and unchanged, against the simulator."""
import json
import os
import subprocess
import sys
import tempfile

from programs import Simulator

# Pinned: what is tested is ours, not their next release.
CLIENTS = {"jules-agent-sdk": "0.1.1", "jules-api": "1.0.1", "junes": "2.1.0", "jules-cli": "17.0.1"}
# Steps that a client cannot take for a reason of its own: jules-api asks every activity for a member that the API does not have.
ITS_OWN_FAULTS = {("jules-api", "activities"): "activities.0.type"}
KEY = "public-clients-key-0123456789"
here = os.path.dirname(os.path.realpath(__file__))


def run(checks):
    with tempfile.TemporaryDirectory(prefix="public-clients-") as folder:
        python = install(checks, folder)
        if not python:
            return
        simulator = Simulator("--key", KEY, "--set", "queued=1s", "--set", "activitiesDelay=0s", "--speed", "20")
        # jules-api does not take an empty list, which the API writes as {}.
        simulator.add(state="COMPLETED")
        for name in CLIENTS:
            drive(checks, f"{name} at the simulator", python, name, simulator.base, KEY, folder)


def install(checks, folder):
    """An environment with every client; nothing, and a failed check, if PyPI does not give them."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    wanted = [f"{name}=={version}" for name, version in CLIENTS.items()]
    done = subprocess.run([f"{folder}/bin/pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
                          capture_output=True, text=True)
    ok = checks.that("PyPI's clients install", done.returncode == 0, done.stderr[-2000:])
    return f"{folder}/bin/python" if ok else None


def drive(checks, title, python, name, base, key, home):
    """Takes one client through its steps against `base`."""
    done = subprocess.run([python, f"{here}/drive_public.py", name, base, key], capture_output=True, text=True, timeout=120,
                          cwd=home, env={"PATH": os.environ["PATH"], "HOME": home})
    if not checks.that(f"{title}: runs to its end", done.returncode == 0, done.stderr[-2000:]):
        return
    results = json.loads(done.stdout.splitlines()[-1])
    for step, result in results.items():
        if (name, step) in ITS_OWN_FAULTS:
            good = ITS_OWN_FAULTS[name, step] in str(result)
        elif step == "wrong key":
            good = isinstance(result, str) and "401" in result or "Auth" in str(result) or "Unauth" in str(result)
        elif step in ("sources", "activities"):
            good = isinstance(result, int) and result > 0
        elif step == "list":
            good = isinstance(result, int)
        elif step == "create":
            good = str(result).isdigit()
        else:
            good = result == "done" or str(result).isdigit()
        checks.that(f"{title}: {step}", good, result)
    missing = {"sources", "list", "create", "get", "message", "activities", "wrong key"} - set(results)
    checks.equal(f"{title}: every step was taken", missing, set())
