# SPDX-License-Identifier: Apache-2.0
"""Public clients of the Jules API, unchanged, with the simulator and with julesd's mirror of the API."""
import json
import os
import subprocess
import sys
import tempfile

from checks import until
from programs import Daemon, Simulator

# Pinned, because julesd is under test and not their next release.
CLIENTS = {"jules-agent-sdk": "0.1.1", "jules-api": "1.0.1", "junes": "2.1.0", "jules-cli": "17.0.1"}
# Steps that a client cannot take because of its own fault. jules-api requires a member in every activity that the API
# does not have.
ITS_OWN_FAULTS = {("jules-api", "activities"): "activities.0.type"}
KEY = "public-clients-key-0123456789"
here = os.path.dirname(os.path.realpath(__file__))


def run(checks):
    with tempfile.TemporaryDirectory(prefix="public-clients-") as folder:
        python = install(checks, folder)
        if not python:
            return
        simulator = lively()
        daemon = mirror(checks, simulator)
        places = [("the simulator", simulator.base, KEY), ("the mirror", f"http://127.0.0.1:{daemon.port}/v1alpha", daemon.token)]
        for place, base, key in places:
            for name in CLIENTS:
                drive(checks, f"{name} at {place}", python, name, base, key, folder)
            replay(checks, f"the SDK's requests at {place}", base, key)
        retry(checks)


def lively(*arguments):
    """A simulator whose sessions end within seconds and ask nothing."""
    simulator = Simulator(
        "--key", KEY, "--set", "queued=1s", "--set", "activitiesDelay=0s", "--set", "questionRate=0", "--set", "failureRate=0",
        "--set", "pauseRate=0", "--speed", "60", *arguments)
    # jules-api does not accept an empty list, which the API writes as {}.
    simulator.add(state="COMPLETED")
    return simulator


def mirror(checks, simulator, **settings):
    """A daemon in front of `simulator` that has read the account."""
    daemon = Daemon(simulator, JULES_API_KEY=KEY, **settings)
    key = {"X-Goog-Api-Key": daemon.token}
    read = until(lambda: daemon.server.get("/v1alpha/sessions", headers=key, token=False).status == 200)
    checks.that("the mirror lists the account", read)
    return daemon


def replay(checks, title, base, key, *arguments):
    """Sends the requests of the official SDK, in its order and with its retries. Returns the result of each."""
    done = subprocess.run(["node", f"{here}/sdk_requests.mjs", base, key, *arguments], capture_output=True, text=True, timeout=120)
    if not checks.that(f"{title}: all requests are sent", done.returncode == 0, done.stderr[-2000:], done.stdout[-2000:]):
        return {}
    results = json.loads(done.stdout.splitlines()[-1])
    for step, result in results.items():
        checks.that(f"{title}: {step}", result["good"], result)
    return results


def retry(checks):
    """The API answers 503 to a creation that it has carried out, and the SDK tries again."""
    for place in ("the API itself", "the mirror"):
        simulator = lively()
        daemon = mirror(checks, simulator) if place == "the mirror" else None
        base, key = (f"http://127.0.0.1:{daemon.port}/v1alpha", daemon.token) if daemon else (simulator.base, KEY)
        before = sessions(simulator)
        simulator.fault(operation="sessions.create", fault="status", status=503, count=1, executed=True)
        if daemon:
            # Without the list the daemon cannot look for the session, so the tool gets 503 too.
            simulator.fault(operation="sessions.list", fault="status", status=503)
            script = subprocess.Popen(["node", f"{here}/sdk_requests.mjs", base, key, "create"], stdout=subprocess.PIPE, text=True)
            told = until(lambda: any("POST /v1alpha/sessions 503" in line for line in daemon.lines()), 60)
            checks.that("the mirror: a creation with an unknown result is answered 503", told)
            simulator.mend()
            output = script.communicate(timeout=120)[0]
            checks.that("the mirror: the second attempt is answered", json.loads(output.splitlines()[-1])["create"]["good"], output)
        else:
            replay(checks, f"a creation at {place}", base, key, "create")
        made = sessions(simulator) - before
        checks.equal(f"{place}: a creation that is answered 503 and repeated makes the expected number of sessions", made, 1 if daemon else 2)


def sessions(simulator):
    """The number of sessions in the account."""
    answer = simulator.server.get("/v1alpha/sessions?pageSize=100", headers={"X-Goog-Api-Key": KEY}, token=False)
    return len(answer.json.get("sessions", []))


def install(checks, folder):
    """An environment with all clients. If PyPI does not provide them, it returns nothing and a check fails."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    wanted = [f"{name}=={version}" for name, version in CLIENTS.items()]
    done = subprocess.run([f"{folder}/bin/pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
                          capture_output=True, text=True)
    ok = checks.that("PyPI's clients install", done.returncode == 0, done.stderr[-2000:])
    return f"{folder}/bin/python" if ok else None


def drive(checks, title, python, name, base, key, home):
    """Takes one client through its steps with `base`."""
    done = subprocess.run([python, f"{here}/drive_public.py", name, base, key], capture_output=True, text=True, timeout=180,
                          cwd=home, env={"PATH": os.environ["PATH"], "HOME": home})
    if not checks.that(f"{title}: runs to its end", done.returncode == 0, done.stderr[-2000:]):
        return
    results = json.loads(done.stdout.splitlines()[-1])
    for step, result in results.items():
        if (name, step) in ITS_OWN_FAULTS:
            good = ITS_OWN_FAULTS[name, step] in str(result)
        elif step == "wrong key":
            good = isinstance(result, str) and "401" in result or "Auth" in str(result) or "Unauth" in str(result)
        elif step in ("sources", "activities", "outputs"):
            good = isinstance(result, int) and result > 0
        elif step == "wait":
            good = result == "COMPLETED"
        elif step == "list":
            good = isinstance(result, int)
        elif step == "create":
            good = str(result).isdigit()
        else:
            good = result == "done" or str(result).isdigit()
        checks.that(f"{title}: {step}", good, result)
    missing = {"sources", "list", "create", "get", "message", "activities", "wrong key"} - set(results)
    checks.equal(f"{title}: all steps were taken", missing, set())
