# SPDX-License-Identifier: Apache-2.0
"""The built `julesctl mcp`: the configuration for agents, and --stdio as an agent uses it."""
import json
import os
import queue
import subprocess
import tempfile
import threading
import tomllib

from checks import until
from programs import TOKEN, Daemon, Simulator, free_port

julesctl = None  # set by `run`
PREFIX = "io.modelcontextprotocol/"
META = {f"{PREFIX}protocolVersion": "2026-07-28", f"{PREFIX}clientCapabilities": {}}


class Bridge:
    """A client that is connected to `julesctl mcp --stdio`."""

    def __init__(self, url, **environment):
        self.process = subprocess.Popen(
            [julesctl, "mcp", "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir(), "JULESCTL_URL": url, **environment})
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def write(self, *messages):
        for message in messages:
            line = message if isinstance(message, str) else json.dumps(message)
            self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def next(self, seconds=30):
        """The next message; `None` if none arrives in time."""
        try:
            return json.loads(self.lines.get(timeout=seconds))
        except queue.Empty:
            return None

    def ask(self, id, method, **params):
        self.write({"jsonrpc": "2.0", "id": id, "method": method, **({"params": params} if params else {})})

    def greet(self):
        self.ask("hello", "initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo={"name": "t", "version": "1"})
        answer = self.next()
        self.write({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer

    def close(self):
        """Closes the input. Returns `(status, messages that were left, errors)`."""
        self.process.stdin.close()
        status = self.process.wait(30)
        left = []
        while message := self.next(0.2):
            left.append(message)
        return status, left, self.process.stderr.read().decode()


def run(checks):
    simulator = Simulator()
    folder = tempfile.mkdtemp(prefix="bridge-")
    port, socket = free_port(), f"unix:{folder}/julesd.sock"

    def daemon(**settings):
        return Daemon(simulator, PORT=port, PERSIST=1, DATA_DIR=folder, UNIX_SOCKET=f"{folder}/julesd.sock", **settings)

    served = daemon()
    session = simulator.add(state="IN_PROGRESS", title="One\nmore \x1b[31m title")
    until(lambda: served.sessions())
    configuration(checks, socket, port)
    handshake(checks, socket)
    stateless(checks, socket)
    waits(checks, simulator, socket, session)
    served = restart(checks, served, daemon, socket)
    over_tcp(checks, port)
    served.stop()
    served = daemon(MCP="off")
    bridge = Bridge(socket)
    checks.that("with MCP=off the handshake gets an error", "error" in (bridge.greet() or {}))
    bridge.close()
    served.stop()


def configuration(checks, socket, port):
    def print_it(*arguments, url=None):
        environment = {"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir(), **({"JULESCTL_URL": url} if url else {}),
                       "JULESCTL_TOKEN": TOKEN}
        done = subprocess.run([julesctl, "mcp", *arguments], capture_output=True, text=True, timeout=30, env=environment)
        return done.returncode, done.stdout, done.stderr

    status, output, _ = print_it()
    with open(f"{os.path.dirname(__file__)}/../../../docs/agents.md") as file:
        docs = file.read()
    titles = ("Claude Code", "Codex", "Gemini CLI", "VS Code", "Cursor")
    checks.that("mcp prints the configurations of all agents without asking the daemon", status == 0 and all(title in output for title in titles), output)
    for url, address in ((None, None), (socket, socket), (f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/mcp")):
        for agent in ("claude-code", "codex", "gemini-cli", "vscode", "cursor"):
            status, output, errors = print_it(agent, url=url)
            read = tomllib.loads(output)["mcp_servers"] if agent == "codex" else json.loads(output)
            server = (read if agent == "codex" else read["servers" if agent == "vscode" else "mcpServers"])["jules"]
            if url and url.startswith("http"):
                good = server.get("url", server.get("httpUrl")) == address
            elif agent == "vscode":
                good = server["url"] == f"unix://{(address or 'unix:/run/julesd/julesd.sock')[5:]}#/mcp"
            else:
                good = server["command"] == "julesctl" and server["args"] == ["mcp", "--stdio", *(["--url", address] if address else [])]
            if url != socket:
                checks.that(f"mcp {agent} at {url or 'the standard socket'} is in docs/agents.md", output.replace(f":{port}", ":3001").strip() in docs, output)
            checks.that(f"mcp {agent} at {url or 'the standard socket'} is a valid file without the token", status == 0 and good and TOKEN not in output + errors, output)
    status, output, _ = print_it("--json")
    checks.equal("mcp --json", [item["agent"] for item in json.loads(output)], ["claude-code", "codex", "gemini-cli", "vscode", "cursor"])
    for wrong in (["nobody"], ["codex", "--stdio"]):
        status, output, errors = print_it(*wrong)
        checks.that(f"mcp {' '.join(wrong)}: 64", status == 64 and errors and not output, errors)


def handshake(checks, url):
    bridge = Bridge(url)
    checks.equal("the handshake succeeds", (bridge.greet() or {}).get("result", {}).get("protocolVersion"), "2025-11-25")
    bridge.ask(7, "tools/list")
    tools = bridge.next()
    checks.that("requests after the handshake use its revision", tools["id"] == 7 and all("outputSchema" in tool for tool in tools["result"]["tools"]), tools)
    bridge.ask("l", "tools/call", name="list_sessions", arguments={})
    answer = bridge.next()
    checks.that("a tool is called", answer["id"] == "l" and answer["result"]["structuredContent"]["sessions"], answer)
    bridge.ask(8, "tools/call", name="nothing", arguments={})
    checks.equal("an unknown tool is an error", bridge.next()["error"]["code"], -32602)
    bridge.write("this is no message")
    answer = bridge.next()
    checks.equal("a line that is no message is answered with an error", (answer["id"], answer["error"]["code"]), (None, -32700))
    bridge.write("", {"jsonrpc": "2.0", "id": 3, "result": {}})
    bridge.ask(9, "tools/call", name="send_message", arguments={"session_id": "1", "message": "x" * (2 << 20)})
    answer = bridge.next()
    checks.that("a message that is too large for the daemon is answered with its id", answer["id"] == 9 and "error" in answer, answer)
    bridge.ask(10, "ping")
    checks.equal("after these errors the bridge still answers", bridge.next(), {"jsonrpc": "2.0", "id": 10, "result": {}})
    bridge.ask(11, "ping")
    status, left, errors = bridge.close()
    checks.equal("at the end of its input the bridge answers all requests and ends", (status, [m["id"] for m in left], errors), (0, [11], ""))


def stateless(checks, url):
    bridge = Bridge(url)
    bridge.ask(1, "server/discover", _meta=META)
    checks.equal("a request of the stateless revision is answered", bridge.next()["result"]["supportedVersions"][0], "2026-07-28")
    for id, (method, more) in enumerate((("tools/call", {"name": "get_plan\r\nX: ü", "arguments": {}}), ("tools/call", {"name": "list_attention"}),
                                         ("resources/read", {"uri": "julesd://attention"}), ("prompts/get", {"name": "review_waiting"}))):
        bridge.ask(id, method, **more, _meta=META)
        answer = bridge.next()
        wanted = "error" if "ü" in more.get("name", "") else "result"
        ok = answer["id"] == id and wanted in answer and (wanted == "result" or answer["error"]["code"] == -32602)
        checks.that(f"{method} of {more.get('name') or more.get('uri')!r} has its header fields", ok, answer)
    bridge.ask("s", "subscriptions/listen", notifications={"resourceSubscriptions": ["julesd://attention"]}, _meta=META)
    checks.equal("a subscription is acknowledged", bridge.next()["method"], "notifications/subscriptions/acknowledged")
    status, left, errors = bridge.close()
    checks.equal("a subscription ends with the input", (status, left, errors), (0, [], ""))


def waits(checks, simulator, url, session):
    bridge = Bridge(url)
    bridge.greet()
    bridge.ask("w", "tools/call", name="wait_for_attention", arguments={}, _meta={"progressToken": "p"})
    first = bridge.next()
    checks.equal("a wait reports progress", (first["method"], first["params"]["progressToken"]), ("notifications/progress", "p"))
    bridge.ask("p", "ping")
    checks.equal("a wait does not delay other requests", bridge.next()["id"], "p")
    bridge.ask("gone", "tools/call", name="wait_for_attention", arguments={})
    bridge.write({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "gone"}})
    simulator.command(session, "ask", text="Which way?")
    answer = bridge.next()
    while answer and answer.get("method") == "notifications/progress":
        answer = bridge.next()
    checks.equal("the wait ends with what happened", (answer["id"], answer["result"]["structuredContent"]["items"][0]["why"]), ("w", "question"))
    bridge.ask("q", "ping")
    checks.equal("a cancelled wait is not answered", bridge.next()["id"], "q")
    for number in range(70):
        bridge.ask(number, "tools/call", name="wait_for_attention", arguments={"feed": answer["result"]["structuredContent"]["feed"]})
    refused = [bridge.next() for _ in range(6)]
    checks.that("of 70 waits at once the bridge itself refuses 6", all(m and "under way" in m["error"]["message"] for m in refused), refused)
    status, left, errors = bridge.close()
    checks.equal("waits end with the input", (status, left, errors), (0, [], ""))


def restart(checks, served, daemon, url):
    bridge = Bridge(url)
    bridge.greet()
    bridge.ask("w", "tools/call", name="wait_for_attention", arguments={"session_id": "1"}, _meta={"progressToken": 1})
    bridge.next()
    served.stop()
    answer = bridge.next()
    checks.equal("a wait is answered when the daemon stops", (answer or {}).get("id"), "w", answer)
    bridge.ask("x", "tools/list")
    answer = bridge.next()
    checks.that("without a daemon the answer says so", answer["id"] == "x" and "cannot reach julesd" in answer["error"]["message"], answer)
    served = daemon()
    bridge.ask("y", "tools/list")
    checks.that("when the daemon is back, the same bridge works", "result" in bridge.next())
    bridge.ask("v", "tools/call", name="wait_for_attention", arguments={"session_id": "1"}, _meta={"progressToken": 1})
    bridge.next()
    served.process.kill()
    answer = bridge.next()
    checks.that("a wait is answered with an error when the daemon dies", answer["id"] == "v" and answer["error"]["message"], answer)
    checks.equal("the bridge survives all this", bridge.close()[0], 0)
    served.stop()
    return daemon()


def over_tcp(checks, port):
    bridge = Bridge(f"http://127.0.0.1:{port}", JULESCTL_TOKEN=TOKEN)
    checks.that("over TCP with a token", "result" in bridge.greet())
    bridge.close()
    bridge = Bridge(f"http://127.0.0.1:{port}", JULESCTL_TOKEN="wrong-token-0123456789")
    answer = bridge.greet()
    checks.that("a wrong token is reported with what to do", "JULESCTL_TOKEN" in answer["error"]["message"], answer)
    bridge.close()
