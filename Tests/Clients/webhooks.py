# SPDX-License-Identifier: Apache-2.0
"""Webhooks from the receiver's side: verified with the library of Standard Webhooks, and over HTTPS with the test's own authority."""
import http.server
import importlib
import json
import signal
import ssl
import subprocess
import sys
import tempfile
import threading

from checks import until
from programs import Daemon, Simulator

VERIFIER = "standardwebhooks==1.1.0"
OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
PATH = "/hooks/path-that-nobody-may-see"


class Receiver:
    """An endpoint that stores what it gets. `answers` are the statuses of the next requests; after them it answers 204."""

    def __init__(self, tls=None, address=("127.0.0.1", 0), host="localhost"):
        self.calls, self.answers, self.headers = [], [], {}
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                receiver.calls.append((self.path, dict(self.headers.items()), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(address, Handler)
        self.server.handle_error = lambda *arguments: None  # A client refuses the certificate, or is killed.
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://{host}:{self.server.server_address[1]}{PATH}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def await_calls(self, count):
        until(lambda: len(self.calls) >= count)
        return self.calls


def verifier():
    """The class Webhook of the Standard Webhooks library, which is installed into its own folder."""
    folder = tempfile.mkdtemp(prefix="julesd-verifier-")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
         "--root-user-action=ignore", "--target", folder, VERIFIER], check=True)
    sys.path.insert(0, folder)
    try:
        return importlib.import_module("standardwebhooks").Webhook
    finally:
        sys.path.remove(folder)


def authority(folder, name, host="localhost"):
    """A certificate authority and a certificate from it for `host`. openssl makes both."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}", "-keyout", f"{name}-host.key",
            "-out", f"{name}-host.csr")
    with open(f"{folder}/{name}.ext", "w") as extensions:
        extensions.write(f"subjectAltName=DNS:{host}\n")
    openssl("x509", "-req", "-in", f"{name}-host.csr", "-CA", f"{name}.pem", "-CAkey", f"{name}.key", "-CAcreateserial",
            "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}-host.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/{name}-host.pem", f"{folder}/{name}-host.key")
    return f"{folder}/{name}.pem", context


def deliveries(daemon, query=""):
    return daemon.server.get(f"/api/deliveries{query}").json["deliveries"]


def refuses(webhook, body, headers):
    try:
        webhook.verify(body, headers)
        return False
    except Exception as error:
        return type(error).__name__ == "WebhookVerificationError"


def signatures(checks):
    Webhook = verifier()
    simulator, receiver = Simulator(), Receiver()
    daemon = Daemon(simulator, NOTIFY_WEBHOOK=receiver.url, NOTIFY_WEBHOOK_SECRET=f"{NEW} {OLD}")
    daemon.wait_for(lambda: daemon.entry("the account has been read"), "baseline")
    head = daemon.head
    id = simulator.add(state="IN_PROGRESS", title="Größe & <Maß>")
    delta = daemon.await_delta(head, lambda delta: delta["id"] == id)
    path, headers, body = receiver.await_calls(1)[0]
    checks.equal("the body is the delta", json.loads(body), delta)
    checks.equal("the request goes to the URL in the settings", path, PATH)
    for name, secret in (("new", NEW), ("old", OLD)):
        checks.equal(f"the library accepts the signature with the {name} secret", Webhook(secret).verify(body, headers), delta)
    checks.that("the library refuses another secret", refuses(Webhook("whsec_" + "QUJD" * 8), body, headers))
    checks.that("the library refuses another body", refuses(Webhook(NEW), body + b" ", headers))
    checks.that("the library refuses another id", refuses(Webhook(NEW), body, {**headers, "webhook-id": "msg_x"}))
    checks.that("the user agent is named", headers["User-Agent"].startswith("julesd/"), headers)

    receiver.answers, receiver.headers = [302], {"Location": receiver.url + "/elsewhere"}
    simulator.command(id, "state", state="COMPLETED")
    receiver.await_calls(2)
    failed = until(lambda: next((d for d in deliveries(daemon, "?state=pending") if d["attempts"]), None))
    checks.equal("a redirect is a failure", failed and failed["lastStatus"], 302)
    checks.equal("a redirect is not followed", len(receiver.calls), 2)
    receiver.headers = {}
    checks.status("the delivery can be sent again on request", daemon.server.post(f"/api/deliveries/{failed['id']}/retry"), 200)
    _, again, body = receiver.await_calls(3)[2]
    checks.equal("it keeps its id", again["webhook-id"], receiver.calls[1][1]["webhook-id"])
    checks.that("it gets a new signature", Webhook(OLD).verify(body, again)["id"] == id)
    checks.equal("the stored data names the endpoint only by host and hash",
                 {d["endpoint"].split("#")[0] for d in deliveries(daemon)}, {receiver.url.removesuffix(PATH)})
    with open(f"/proc/{daemon.process.pid}/cmdline") as title:
        seen = daemon.output + json.dumps(deliveries(daemon)) + title.read()
    checks.that("no secret is visible", not any(secret in seen for secret in (PATH, OLD, NEW)))
    daemon.stop()


def certificates(checks):
    simulator, folder = Simulator(), tempfile.mkdtemp(prefix="julesd-authority-")
    trusted, good = authority(folder, "trusted")
    _, bad = authority(folder, "stranger")
    takes, refused = Receiver(tls=good), Receiver(tls=bad)
    daemon = Daemon(simulator, NOTIFY_WEBHOOK=f"{takes.url},{refused.url}", CA_FILE=trusted, PERSIST="1")
    daemon.wait_for(lambda: daemon.entry("the account has been read"), "baseline")
    id = simulator.add(state="IN_PROGRESS")
    checks.equal("a certificate from CA_FILE's authority is accepted", json.loads(takes.await_calls(1)[0][2])["id"], id)
    failed = until(lambda: next((d for d in deliveries(daemon, "?state=pending") if d["attempts"]), None))
    checks.that("another certificate is refused, and the delivery stays pending", failed and "certificate" in failed["lastError"], failed)
    checks.equal("nothing was sent to that endpoint", refused.calls, [])
    checks.that("the log reports it once", len(daemon.told("webhook_failing")) == 1, daemon.output[-2000:])

    # A delivery without a record would rightly be repeated after the kill.
    checks.that("the delivery is recorded", until(lambda: len(deliveries(daemon, "?state=delivered")) == 1))
    # The same store with an endpoint that is trusted now.
    daemon.stop(signal.SIGKILL)
    with open(f"{folder}/both.pem", "w") as both:
        for name in ("trusted", "stranger"):
            with open(f"{folder}/{name}.pem") as certificate:
                both.write(certificate.read())
    daemon = Daemon(simulator, NOTIFY_WEBHOOK=f"{takes.url},{refused.url}", CA_FILE=f"{folder}/both.pem", PERSIST="1",
                    DATA_DIR=daemon.folder)
    daemon.server.post(f"/api/deliveries/{failed['id']}/retry")
    checks.equal("after kill -9 the delivery arrives with its id if the authority is trusted",
                 refused.await_calls(1)[0][1]["webhook-id"], failed["id"])
    checks.equal("the other delivery is not repeated", len(takes.calls), 1)
    daemon.stop()


def formats(checks):
    simulator = Simulator()
    receivers = [Receiver() for _ in range(3)]
    daemon = Daemon(simulator, NOTIFY_WEBHOOK=",".join(r.url for r in receivers), NOTIFY_FORMAT="ntfy,slack,discord",
                    NOTIFY_EVENTS="attention,finished")
    daemon.wait_for(lambda: daemon.entry("the account has been read"), "baseline")
    id = simulator.add(state="IN_PROGRESS", title="<!channel> @everyone *ü*")
    until(lambda: any(session["id"] == id for session in daemon.sessions()))
    simulator.command(id, "state", state="COMPLETED")
    ntfy, slack, discord = (receiver.await_calls(1)[0] for receiver in receivers)
    link = daemon.server.get(f"/api/sessions/{id}").json["url"]
    import email.header
    decoded = str(email.header.make_header(email.header.decode_header(ntfy[1]["Title"])))
    checks.equal("ntfy: the title in a header field", decoded, "<!channel> @everyone *ü*")
    checks.equal("ntfy: a tap opens the session", ntfy[1]["Click"], link)
    checks.that("ntfy: the body says what is needed", ntfy[2].decode().startswith("Completed"), ntfy)
    text = json.loads(slack[2])["text"]
    checks.that("slack: a title notifies nobody", "<!" not in text and "@everyone" not in text and link in text, text)
    blocks = json.loads(slack[2])["blocks"]
    checks.that("slack: the title is unchanged plain text",
                any(block.get("text", {}).get("type") == "plain_text" and "&lt;!channel&gt; @everyone *ü*" in block["text"]["text"]
                    for block in blocks), blocks)
    message = json.loads(discord[2])
    checks.equal("discord: a title notifies nobody", message["allowed_mentions"], {"parse": []})
    checks.that("discord: the link and the title are there", link in message["content"] and r"\*ü\*" in message["content"], message)
    checks.equal("only events in NOTIFY_EVENTS are sent", [len(receiver.calls) for receiver in receivers], [1, 1, 1])
    daemon.stop()


def run(checks):
    for part in (signatures, certificates, formats):
        part(checks)
