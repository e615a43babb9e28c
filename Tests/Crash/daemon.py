# SPDX-License-Identifier: Apache-2.0
"""A built daemon that is started again and again with the same settings, on one port and with one log."""
import os
import signal
import subprocess

from checks import until
from programs import free_port
from wire import Server

TOKEN = "crash-test-token-0123456789"


def read(server, path):
    """The JSON of a resource. A daemon that has just lost its store answers 503 for a moment, so this waits for a 200."""
    answer = until(lambda: (answer := server.get(path)).status == 200 and answer)
    if not answer:
        raise RuntimeError(str(server.get(path)))
    return answer.json


class DaemonProcess:
    def __init__(self, trial, name, upstream, **settings):
        self.checks, self.julesd, self.clock_library = trial.checks, trial.julesd, trial.clock_library
        self.name, self.upstream, self.settings = name, upstream, settings
        self.folder = f"{trial.work}/{name}"
        os.mkdir(self.folder)
        self.log = open(f"{trial.work}/{name}.log", "w")
        self.shift = f"{trial.work}/{name}.shift"
        self.set_clock(0)
        self.port = free_port()
        self.server = Server(self.port, token=TOKEN)
        self.process = None

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "JULES_API_KEY": "any", "JULES_API_BASE": self.upstream.base,
                "LOCAL_TOKEN": TOKEN, "PORT": str(self.port), "RATE_LIMIT": "0", "POLL_INTERVAL": "20ms",
                "UPSTREAM_BUDGET": "100000", "LOG_FORMAT": "json", "PERSIST": "1", "DATA_DIR": self.folder,
                "READINESS": "listening", "SWIFT_BACKTRACE": "enable=yes,color=no,threads=crashed",
                "LD_PRELOAD": self.clock_library, "CLOCK_SHIFT": self.shift, **self.settings, **more}

    def start(self, **more):
        self.process = subprocess.Popen(
            [self.julesd, "--config", "/dev/null"], env=self.environment(**more), stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=subprocess.STDOUT)

    def serves(self):
        def asks():
            try:
                return self.server.get("/healthz", timeout=2).status == 200
            except OSError:
                return False
        return until(asks)

    def end(self, order=signal.SIGTERM):
        self.process.send_signal(order)
        return self.process.wait(30)

    def set_clock(self, seconds):
        """Sets the daemon's wall clock this many seconds off the right time."""
        with open(self.shift, "r+b" if os.path.exists(self.shift) else "wb") as shift:
            shift.write(seconds.to_bytes(8, "little", signed=True))

    def told(self, event):
        return sum(f'"msg":"{event}"' in line for line in open(self.log.name))

    def text(self):
        """The end of the log, and whether the daemon still runs."""
        status = self.process.poll() if self.process else None
        return open(self.log.name).read()[-3000:] + ("\nthe daemon runs" if status is None else f"\nthe daemon ended with {status}")

    def deliveries(self, state):
        return self.server.get(f"/api/deliveries?state={state}&limit=500").json["deliveries"]
