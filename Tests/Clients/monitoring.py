# SPDX-License-Identifier: Apache-2.0
"""docs/monitoring: the results of Prometheus's own tools, and whether the daemon has all metrics that it names."""
import json
import os
import re
import subprocess
import tempfile

from checks import until
from programs import Daemon, Simulator

folder = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../docs/monitoring")


def promtool(*arguments):
    return subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, timeout=60)


def queries(dashboard):
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")


def run(checks):
    for arguments in (["check", "config", "prometheus.yml"], ["check", "rules", "alerts.yml"], ["test", "rules", "alerts-test.yml"]):
        done = promtool(*arguments)
        checks.that(f"promtool {' '.join(arguments)}", done.returncode == 0, done.stdout, done.stderr)

    with open(f"{folder}/grafana-dashboard.json") as file:
        dashboard = json.load(file)
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        # Written as rules, because promtool reads rules.
        json.dump({"groups": [{"name": "panels", "rules": [{"record": f"panel_{number}", "expr": query}
                                                            for number, (_, query) in enumerate(queries(dashboard))]}]}, file)
        file.flush()
        done = promtool("check", "rules", file.name)
        checks.that("Prometheus understands each query of the dashboard", done.returncode == 0, done.stdout, done.stderr)
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    checks.that("no panel covers another", len(cells) == len(set(cells)))

    with open(f"{folder}/alerts.yml") as file:
        texts = {"alerts.yml": file.read(), **{title: query for title, query in queries(dashboard)}}
    with open(f"{folder}/alerts.yml") as rules, open(f"{folder}/alerts-test.yml") as tests:
        tested = set(re.findall(r"alertname: (\w+)", tests.read()))
        checks.equal("each alert is tested", set(re.findall(r"alert: (\w+)", rules.read())), tested)

    jules = Simulator()
    jules.add(state="AWAITING_PLAN_APPROVAL")
    daemon = Daemon(jules)
    until(lambda: daemon.server.get("/api/inbox").json["items"])
    told = daemon.server.get("/metrics").body.decode()
    names = set()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)", told, re.M):
        names |= {f"{name}{end}" for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    labels = {name: set(re.findall(r"(\w+)=", rest)) for name, rest in re.findall(r"^(\w+)\{(.*)\} ", told, re.M)}
    for place, text in texts.items():
        used = set(re.findall(r"\b((?:julesd|process)_\w+)", text))
        checks.that(f"{place}: the daemon has each metric", bool(used) and used <= names, used - names)
        for name, selector in re.findall(r"\b((?:julesd|process)_\w+)\{([^}]*)\}", text):
            # Prometheus adds the first two labels itself.
            strange = set(re.findall(r"(\w+)[=!]", selector)) - {"instance", "job"} - labels.get(name, set())
            checks.that(f"{place}: {name} has each label", not strange, strange)
    checks.that("the oldest item in the inbox has an age", float(re.search(r"^julesd_inbox_oldest_seconds (\S+)", told, re.M)[1]) >= 0, told)
