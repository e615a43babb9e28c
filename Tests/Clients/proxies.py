# SPDX-License-Identifier: Apache-2.0
"""nginx and Caddy in front of julesd, configured as users of the older program have them, except for ports and certificates."""
import os
import re
import shutil
import ssl
import subprocess
import tempfile
import time

from checks import until
from programs import TOKEN, Daemon, Program, Simulator, free_port
from wire import Server

NAME = "api.yourdomain.com"

NGINX = """
server {
    listen 443 ssl http2;
    server_name api.yourdomain.com;

    ssl_certificate /path/to/cert.pem;
    ssl_certificate_key /path/to/key.pem;

    location / {
        proxy_pass http://localhost:3001;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
}
"""

CADDY = """
api.yourdomain.com {
    reverse_proxy localhost:3001
}
"""


class Proxy:
    """A proxy on its own port in front of a daemon on `port`."""

    def __init__(self, port):
        self.folder = tempfile.mkdtemp(prefix="julesd-proxy-")
        os.chmod(self.folder, 0o755)
        self.port = free_port()
        self.program = self.start(port)
        self.tls = None

        def answers():
            try:
                self.tls = ssl.create_default_context(cafile=self.authority)
                return self.server().get("/healthz", timeout=2)
            except OSError:
                return None

        self.program.wait_for(answers, "answer over TLS", 20)

    def write(self, name, text):
        path = f"{self.folder}/{name}"
        with open(path, "w") as file:
            file.write(text)
        return path

    def server(self, source=None, name=NAME):
        return Server(self.port, token=TOKEN, source=source, tls=self.tls, name=name)

    def stop(self):
        self.program.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Nginx(Proxy):
    def start(self, port):
        self.authority, key = f"{self.folder}/cert.pem", f"{self.folder}/key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                        "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", key, "-out", self.authority],
                       check=True, capture_output=True)
        site = (NGINX.replace("listen 443", f"listen 127.0.0.1:{self.port}").replace("/path/to/cert.pem", self.authority)
                .replace("/path/to/key.pem", key).replace(":3001", f":{port}"))
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        path = self.write("nginx.conf", f"daemon off;\npid {self.folder}/pid;\nerror_log stderr;\nworker_processes 1;\n"
                          f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{site}\n}}\n")
        return Program([shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"), "-p", self.folder, "-c", path, "-e", "stderr"])


class Caddy(Proxy):
    def start(self, port):
        options = (f"{{\nadmin off\nlocal_certs\nskip_install_trust\nhttp_port {free_port()}\nhttps_port {self.port}\n"
                   f"default_bind 127.0.0.1\nstorage file_system {self.folder}/storage\n}}\n")
        self.authority = f"{self.folder}/storage/pki/authorities/local/root.crt"
        path = self.write("Caddyfile", options + CADDY.replace(":3001", f":{port}"))
        return Program(["caddy", "run", "--adapter", "caddyfile", "--config", path], {"XDG_CONFIG_HOME": self.folder, "XDG_DATA_HOME": self.folder})


def run(checks):
    simulator = Simulator()
    session = simulator.add(state="IN_PROGRESS")
    for kind in (Nginx, Caddy):
        through(checks, kind, simulator, session)
        forwarded(checks, kind, simulator)


def through(checks, kind, simulator, session):
    """What passes through: requests, WebSocket, event stream, and a restart of the daemon."""
    name = kind.__name__
    port = free_port()
    daemon = Daemon(simulator, PORT=port, PERSIST=1, TRUSTED_PROXIES="127.0.0.1,::1")
    until(lambda: daemon.sessions())
    proxy = kind(port)
    server = proxy.server()
    checks.status(f"{name}: a list", server.get("/api/sessions"), 200)
    checks.status(f"{name}: a post", server.post(f"/api/sessions/{session}/message", {"message": "Hello"}), 200)
    checks.status(f"{name}: an error passes unchanged", server.get("/api/sessions", token=False), 401, "unauthorized")
    checks.status(f"{name}: a plain GET of /ws", server.get("/ws"), 426, "upgrade_required")
    answer = server.post("/api/sessions", b"x" * ((1 << 20) + 1), headers={"Content-Type": "application/json"})
    checks.equal(f"{name}: a body that is too large is refused", answer.status, 413, answer)
    curl = subprocess.run(
        ["curl", "-sS", "--http2", "--cacert", proxy.authority, "--resolve", f"{NAME}:{proxy.port}:127.0.0.1", "-w", "%{http_version}", "-o", "/dev/null",
         "-H", f"Authorization: Bearer {TOKEN}", f"https://{NAME}:{proxy.port}/api/sessions"], capture_output=True, text=True)
    checks.equal(f"{name}: the client uses HTTP/2", curl.stdout, "2", curl)

    socket = server.web_socket(subprotocol=f"bearer.{TOKEN}")
    checks.equal(f"{name}: a WebSocket", (socket.status, socket.headers["sec-websocket-protocol"]), (101, f"bearer.{TOKEN}"), socket.answer)
    hello = socket.next()
    stream = server.events("/api/events", timeout=40)
    began = time.monotonic()
    checks.equal(f"{name}: the event stream begins with hello", stream.next()["event"], "hello")
    simulator.command(session, "state", state=f"BEHIND_{name}_{port}")
    event, message = stream.next(), socket.next()
    checks.that(f"{name}: nothing is delayed", event["event"] == "session_update" and time.monotonic() - began < 10, event)
    checks.equal(f"{name}: both channels send the same", message, event["data"])
    curl = subprocess.run(
        ["curl", "-sSN", "--http2", "--max-time", "3", "--cacert", proxy.authority, "--resolve", f"{NAME}:{proxy.port}:127.0.0.1", "-H",
         f"Authorization: Bearer {TOKEN}", f"https://{NAME}:{proxy.port}/api/events?since={hello['seq']}"], capture_output=True, text=True)
    checks.that(f"{name}: the event stream over HTTP/2, at once", "event: hello" in curl.stdout and "session_update" in curl.stdout, curl)
    began = time.monotonic()
    page = server.get(f"/api/deltas?since={message['seq']}&wait=2").json
    checks.that(f"{name}: a long poll waits", page and page["deltas"] == [] and time.monotonic() - began > 1.9, page)

    # A page of https://api.yourdomain.com: nginx passes Host without the port, Caddy passes it unchanged.
    for origin, host, status in (
        (f"https://{NAME}", NAME, 101), ("https://evil.example.com", NAME, 403), (f"http://{NAME}:3001", NAME, 403),
        (f"https://{NAME}:{proxy.port}", f"{NAME}:{proxy.port}", 101 if kind is Caddy else 403),
    ):
        other = proxy.server(name=host).web_socket(headers={"Origin": origin})
        checks.equal(f"{name}: a page of {re.sub(':[0-9]+$', ':PORT', origin)}", other.status, status, other.answer)
        other.close()

    daemon.stop()
    checks.equal(f"{name}: the WebSocket is closed with 1012 at a restart", socket.drain(), 1012)
    checks.equal(f"{name}: the event stream ends", stream.next(), None)
    checks.equal(f"{name}: the proxy answers meanwhile", server.get("/api/sessions").status, 502)
    daemon = Daemon(simulator, DATA_DIR=daemon.folder, PORT=port, PERSIST=1)
    again = until(lambda: (s := server.web_socket(f"/ws?since={hello['seq']}&epoch={hello['epoch']}")).status == 101 and s, 30)
    if checks.that(f"{name}: the client connects again", again):
        again.next()
        checks.equal(f"{name}: and resumes", again.next(), message)
        again.close()
    socket.close(), stream.close()
    proxy.stop()
    daemon.stop()


def forwarded(checks, kind, simulator):
    """The client is the one that the proxy saw, whatever a header claims."""
    name = kind.__name__
    spoof = {"X-Forwarded-For": "127.0.0.2"}
    daemon = Daemon(simulator, TRUSTED_PROXIES="127.0.0.1,::1", ALLOWLIST="127.0.0.2", RATE_LIMIT=3)
    proxy = kind(daemon.port)
    listed, other = proxy.server("127.0.0.2"), proxy.server("127.0.0.3")
    checks.status(f"{name}: ALLOWLIST admits the client", listed.get("/api/sessions"), 200)
    checks.status(f"{name}: another client is refused", other.get("/api/sessions"), 403, "forbidden")
    checks.status(f"{name}: a client that claims to be the first is refused", other.get("/api/sessions", headers=spoof), 403, "forbidden")
    checks.status(f"{name}: the proxy's own host is refused", daemon.server.get("/api/sessions"), 403, "forbidden")
    checks.equal(f"{name}: a listed proxy gives no warning", daemon.entries("untrusted_forwarded_header"), [])
    answers = [listed.get("/api/sessions", headers={"X-Forwarded-For": f"198.51.100.{n}"}).status for n in range(3)]
    checks.equal(f"{name}: RATE_LIMIT counts the client, whatever it claims", answers, [200, 200, 429])
    proxy.stop()
    daemon.stop()

    daemon = Daemon(simulator, RATE_LIMIT=3)
    proxy = kind(daemon.port)
    answers = [proxy.server(f"127.0.0.{n}").get("/api/sessions", headers=spoof).status for n in (4, 5, 6, 7)]
    checks.equal(f"{name}: without TRUSTED_PROXIES all clients count as the proxy", answers, [200, 200, 200, 429])
    checks.equal(f"{name}: the log warns about that once", len(daemon.told("untrusted_forwarded_header")), 1, daemon.output)
    proxy.stop()
    daemon.stop()
