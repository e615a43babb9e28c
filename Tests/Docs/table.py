# SPDX-License-Identifier: Apache-2.0
"""How each snippet is run, by its file and the beginning of its first command. A snippet without a row fails the test.

api: each command separately, with a daemon and sessions made for it. Their ids replace those in the text.
script: as one script in its own folder. The output must contain `shows`. If `endless`, the script then still runs.
terminals: each command in its own terminal, all at the same time. `shows` has one text for each.
settings: lines of a settings file that check-config must accept.
"""

API = dict(how="api")
SETTINGS = dict(how="settings")


def script(shows="", endless=False, **replace):
    return dict(how="script", shows=shows, endless=endless, replace=replace)


rows = {
    # The first lines of docs/api.md are put before each of its other snippets.
    ("docs/api.md", "A=http"): dict(how="preamble"),
    ("docs/api.md", "curl"): API,
    ("README.md", "sudo apt install"): script(),
    ("README.md", "make build"): script("event: hello", endless=True),
    ("README.md", "make deb"): script(),
    ("README.md", "printf"): script(),
    ("docs/operations.md", "sudo apt install"): script(),
    ("docs/operations.md", "sudo systemctl edit"): script(),
    ("docs/operations.md", "echo"): script('"sessions":'),
    ("docs/operations.md", "docker run"): script(),
    ("docs/operations.md", "TRUSTED_PROXIES="): SETTINGS,
    ("docs/operations.md", "sudo systemctl stop"): script(**{"/var/": "var/"}),
    ("docs/operations.md", "docker compose stop"): script(),
    ("docs/operations.md", "journalctl"): script(),
    ("docs/operations.md", "systemctl status"): script(),
    ("docs/operations.md", "curl -i -N"): dict(how="api", shows="101 Switching Protocols"),
    ("docs/operations.md", "git pull"): script(),
    ("docs/instances.md", "sudo apt install postgresql"): script(),
    # The group of the key's file may be missing here.
    ("docs/instances.md", "openssl req"): script("server.crt: OK", **{"/etc/": "etc/", " -g ssl-cert": ""}),
    ("docs/instances.md", "sudo apt install libpq5"): script(**{"ca.pem /etc/julesd/": "data/sessions.sqlite ./"}),
    # Sealing needs the machine's key, and the last snippet the service.
    ("docs/instances.md", "sudo systemd-creds"): script(**{"sudo systemd-creds encrypt": "touch store; echo"}),
    ("docs/instances.md", "sudo systemctl stop"): script("OVERVIEW: Updates", **{"migrate --to": "migrate --help --to", "sudo PGPASSWORD": "PGPASSWORD"}),
    ("docs/instances.md", "sudo julesd setup"): script("JULES_API_BASE=", **{"curl -s": "echo"}),
    ("docs/notifications/README.md", "install"): script(
        **{f"{mode} ": f"{mode} $DOCS_ROOT/docs/notifications/" for mode in ("755", "644")}),
    ("docs/notifications/README.md", "NOTIFY_WEBHOOK="): SETTINGS,
    ("docs/queue.md", "TASKS_PER_DAY="): SETTINGS,
    # A store for the command to read, made by a daemon that cannot reach Jules.
    ("docs/rules.md", "sudo julesd rules test"): script("0 events in 30 days", **{
        "sudo julesd rules": "JULES_API_BASE=http://127.0.0.1:9 PORT=off UNIX_SOCKET=s PERSIST=1 READINESS=listening timeout 3 jules-daemon || true;"
                             " sudo julesd rules",
        "40-docs.rule": "$DOCS_ROOT/docs/examples/rules.d/40-docs.rule"}),
    ("docs/rules.md", "sudo install"): script(**{
        "40-docs.rule /etc/julesd/rules.d/": "$DOCS_ROOT/docs/examples/rules.d/40-docs.rule .",
        "julesctl decisions": "julesctl decisions --help"}),
    ("docs/simulator.md", "jules-simulator --port"): dict(
        how="terminals", shows=["listening on http://127.0.0.1:8089/v1alpha", '"sessions":', '"server_started"']),
    ("docs/simulator.md", "curl"): dict(how="script", port=8089),
    ("docs/simulator.md", "ID=$(curl"): dict(how="script", port=8089),
    ("docs/webhooks.md", "NOTIFY_WEBHOOK="): SETTINGS,
    ("docs/webhooks.md", "key=$(printf"): dict(how="signature"),
}

# The programs that are replaced by stand-ins, and the reason for each.
stand_ins = {
    "apt": "installs what the package tests install for real (make deb-test)",
    "docker": "needs an engine; make docker-test runs the compose file for real",
    "git": "would change this checkout",
    "journalctl": "needs the service's journal; make system-test reads it for real",
    "make": "builds what is built already",
    "sudo": "nothing here needs root",
    "systemctl": "needs systemd as PID 1; make system-test has it",
}
