# SPDX-License-Identifier: Apache-2.0
"""A real browser: headless Chromium, controlled over a pipe (Chrome DevTools Protocol)."""
import functools
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading

from checks import until
from programs import TOKEN, Daemon, Simulator, running

folder = None  # docs/clients


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@functools.cache
def site():
    """A web server for docs/clients, because a page needs an origin."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


class Chromium:
    """One browser with one page."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="chromium-")
        to_browser, self.input = os.pipe()
        self.answers, from_browser = os.pipe()

        def descriptors():
            # The browser reads commands from descriptor 3 and answers on 4.
            os.dup2(to_browser, 63), os.dup2(from_browser, 64)
            os.dup2(63, 3), os.dup2(64, 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--no-proxy-server", "--disable-background-networking", "--remote-debugging-pipe",
             f"--user-data-dir={self.profile}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            preexec_fn=descriptors, env={**os.environ, "HOME": self.profile}, start_new_session=True)
        os.close(to_browser), os.close(from_browser)
        self.reader = os.fdopen(self.answers, "rb", buffering=0)
        self.pending = b""
        self.number = 0
        running.append(self)
        target = until(lambda: next((t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"), None))
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]

    def call(self, method, session=None, **parameters):
        self.number += 1
        order = {"id": self.number, "method": method, "params": parameters}
        if session:
            order["sessionId"] = session
        os.write(self.input, json.dumps(order).encode() + b"\0")
        while True:
            while b"\0" not in self.pending:
                chunk = self.reader.read(65536)
                if not chunk:
                    raise RuntimeError("chromium has ended")
                self.pending += chunk
            text, _, self.pending = self.pending.partition(b"\0")
            answer = json.loads(text)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def open(self, url):
        self.call("Page.navigate", self.session, url=url)
        until(lambda: self.run("document.readyState === 'complete' && location.href") == url)

    def run(self, script):
        """Evaluates an expression in the page and waits for its promise."""
        answer = self.call("Runtime.evaluate", self.session, expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:800])
        return answer["result"].get("value")

    def stop(self, *_):
        if self in running:
            running.remove(self)
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self.input), self.reader.close()
        shutil.rmtree(self.profile, ignore_errors=True)


class WatchPage(Chromium):
    """watch.html, with the same methods as the clients in a terminal."""

    def __init__(self, page, base, token):
        super().__init__()
        self.open(f"{self.origin()}/{os.path.basename(page)}")
        self.run(f"""(() => {{
            const form = document.forms[0];
            form.base.value = {json.dumps(base)};
            form.token.value = {json.dumps(token)};
            form.requestSubmit();
        }})()""")

    @staticmethod
    def origin():
        return f"http://127.0.0.1:{site()}"

    @property
    def output(self):
        return self.run("""document.querySelector('pre').textContent + document.querySelector('output').textContent + '\\n'
            + [...document.querySelectorAll('tr')].map(row => 'session ' + [...row.cells].map(cell => cell.textContent).join(' ')).join('\\n')""")

    def lines(self):
        return self.output.splitlines()


SOCKET = """new Promise(done => {
    const socket = new WebSocket(%s, %s);
    socket.onmessage = event => { done('message ' + event.data + ' ' + socket.protocol); socket.close(); };
    socket.onclose = event => done('closed ' + event.code);
})"""
FETCH = """fetch(%s, %s).then(async a => [a.status, a.headers.get('x-request-id') && 'id', await a.text()].join(' '), e => 'failed ' + e.message)"""


def run(checks):
    listed = f"http://127.0.0.1:{site()}"
    simulator = Simulator()
    simulator.add(state="IN_PROGRESS")
    daemon = Daemon(simulator, CORS_ORIGIN=listed)
    ws, api = f"ws://127.0.0.1:{daemon.port}/ws", f"http://127.0.0.1:{daemon.port}/api/sessions"
    chromium = Chromium()

    def socket(token=TOKEN):
        return chromium.run(SOCKET % (json.dumps(ws), json.dumps(f"bearer.{token}")))

    def fetch(url=api, **options):
        options.setdefault("headers", {"Authorization": f"Bearer {TOKEN}"})
        return chromium.run(FETCH % (json.dumps(url), json.dumps(options)))

    chromium.open(f"{listed}/watch.html")
    answer = socket()
    checks.that("a listed origin gets its hello over the WebSocket", answer.startswith('message {"type":"hello"'), answer)
    checks.that("the browser gets the confirmed subprotocol", answer.endswith(f"bearer.{TOKEN}"), answer)
    checks.equal("a wrong token in the subprotocol is refused", socket("wrong-token-0123456789"), "closed 1006")
    answer = fetch()
    checks.that("fetch with the token works after its preflight", answer.startswith('200 id {"sessions":'), answer)
    answer = fetch(headers={"Authorization": "Bearer wrong-token-0123456789"})
    checks.that("a page can read an error", answer.startswith("401 id") and '"unauthorized"' in answer, answer)
    answer = fetch(method="POST", body="{}", headers={
        "Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", "Idempotency-Key": "k1", "X-Request-Id": "p"})
    checks.that("POST with all our header fields works", answer.startswith("400 id") and '"details"' in answer, answer)
    session = daemon.sessions()[0]["id"]
    answer = fetch(f"{api}/{session}", method="DELETE")
    checks.that("DELETE passes its preflight", answer.startswith("204"), answer)
    answer = chromium.run("""(async () => {
        const answer = await fetch(%s, {headers: {Authorization: %s}});
        const reader = answer.body.getReader();
        const {value} = await reader.read();
        reader.cancel();
        return new TextDecoder().decode(value);
    })()""" % (json.dumps(f"http://127.0.0.1:{daemon.port}/api/events"), json.dumps(f"Bearer {TOKEN}")))
    checks.that("fetch reads the event stream", answer.startswith("event: hello"), answer)

    # The same server with another name is another origin.
    chromium.open(f"http://localhost:{site()}/watch.html")
    checks.equal("a foreign origin gets no WebSocket", socket(), "closed 1006")
    checks.that("a foreign origin cannot read the API", fetch().startswith("failed"))
    chromium.open(f"file://{folder}/watch.html")
    checks.equal("a page from a file gets no WebSocket", socket(), "closed 1006")
    chromium.open(f"http://127.0.0.1:{daemon.port}/healthz")
    answer = socket()
    checks.that("a page of the daemon itself needs no list", answer.startswith('message {"type":"hello"'), answer)
    checks.that("fetch from that page needs no list", fetch().startswith("200"))
    chromium.stop()
