# SPDX-License-Identifier: Apache-2.0
"""One of the daemons that share a store."""
import signal

from daemon import DaemonProcess

# Actions that the caller must not repeat blindly are answered at last when the server's time limits are over.
PATIENCE = 15


class Instance(DaemonProcess):
    def __init__(self, trial, name, upstream, **settings):
        super().__init__(trial, name, upstream, PERSIST="0", INSTANCE=name, POLL_INTERVAL="100ms", **settings)
        self.kills = 0

    @property
    def runs(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        self.kills += 1
        self.end(signal.SIGKILL)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def ask(self, method, path, body=None, **options):
        """The answer; `None` if there is none."""
        try:
            return self.server.ask(method, path, body, timeout=options.pop("timeout", PATIENCE), **options)
        except OSError:
            return None

    def metric(self, name):
        """The value of a metric without labels; `None` if the instance does not answer."""
        answer = self.ask("GET", "/metrics", timeout=2) if self.runs else None
        lines = answer.body.decode().splitlines() if answer and answer.status == 200 else []
        return next((float(line.split()[1]) for line in lines if line.startswith(f"{name} ")), None)

    @property
    def leads(self):
        return self.metric("julesd_leader") == 1

    def text(self):
        """The end of the log, without changes of sessions and refused requests, and whether the daemon still runs."""
        with open(self.log.name) as log:
            lines = [line for line in log if '"session_changed"' not in line and '"method"' not in line]
        return f"--- {self.name}\n{''.join(lines[-12:])}{'it runs' if self.runs else 'it has ended'}"
