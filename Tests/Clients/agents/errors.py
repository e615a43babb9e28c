# SPDX-License-Identifier: Apache-2.0
"""Faulty requests of an agent, and their status and code (2026-07-28, basic and streamable HTTP)."""
import json

from checks import until
from programs import TOKEN, Daemon, Simulator

PREFIX = "io.modelcontextprotocol/"
VERSION = "2026-07-28"
META = {f"{PREFIX}protocolVersion": VERSION, f"{PREFIX}clientCapabilities": {}}
OLD = {"MCP-Protocol-Version": "2025-11-25"}


def body(method="tools/list", id=7, meta=META, **params):
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": {**params, **({"_meta": meta} if meta is not None else {})}}


def fields(method="tools/list", version=VERSION, name=None, **more):
    named = {"MCP-Protocol-Version": version, "Mcp-Method": method, "Mcp-Name": name, **more}
    return {key: value for key, value in named.items() if value is not None}


def tool(name, **arguments):
    return body("tools/call", name=name, arguments=arguments), fields("tools/call", name=name)


# The case, the body, the header fields, and the status, code and id of the answer.
TABLE = [
    ("no JSON", "{", fields(), 400, -32700, None),
    ("two texts", '{"jsonrpc":"2.0","id":1,"method":"ping"} {}', fields(), 400, -32700, None),
    ("a batch", [body()], fields(), 400, -32600, None),
    ("a number", "1", fields(), 400, -32600, None),
    ("another JSON-RPC", {"jsonrpc": "1.0", "id": "x", "method": "ping"}, fields(), 400, -32600, "x"),
    ("an id that is none", {"jsonrpc": "2.0", "id": [1], "method": "ping"}, fields(), 400, -32600, None),
    ("params that are a list", {"jsonrpc": "2.0", "id": 7, "method": "ping", "params": []}, fields(), 400, -32602, 7),
    ("no _meta", body(meta=None), fields(), 400, -32602, 7),
    ("no capabilities", body(meta={f"{PREFIX}protocolVersion": VERSION}), fields(), 400, -32602, 7),
    ("a version that is a number", body(meta={**META, f"{PREFIX}protocolVersion": 1}), fields(), 400, -32602, 7),
    ("no version field", body(), fields(version=None), 400, -32020, 7),
    ("another version field", body(), fields(version="2025-11-25"), 400, -32020, 7),
    ("no method field", body(), {"MCP-Protocol-Version": VERSION}, 400, -32020, 7),
    ("another method field", body(), fields("tools/call"), 400, -32020, 7),
    ("a method field in other letters", body(), fields("Tools/List"), 400, -32020, 7),
    ("no name field", tool("get_plan")[0], fields("tools/call"), 400, -32020, 7),
    ("another name field", tool("get_plan")[0], fields("tools/call", name="approve_plan"), 400, -32020, 7),
    ("a name field in broken base64", tool("get_plan")[0], fields("tools/call", name="=?base64?%?="), 400, -32020, 7),
    ("a version of tomorrow", body(meta={**META, f"{PREFIX}protocolVersion": "2027-01-01"}), fields(version="2027-01-01"), 400, -32022, 7),
    ("a version field of tomorrow", body(meta=None), fields(version="2027-01-01"), 400, -32022, 7),
    ("an unknown method", body("drop"), fields("drop"), 404, -32601, 7),
    ("a method that is gone", body("ping"), fields("ping"), 404, -32601, 7),
    ("a method of a capability that is not offered", body("completion/complete"), fields("completion/complete"), 404, -32601, 7),
    ("an unknown tool", *tool("drop"), 400, -32602, 7),
    ("arguments that are a list", body("tools/call", name="get_plan", arguments=[]), fields("tools/call", name="get_plan"), 400, -32602, 7),
    ("an unknown resource", body("resources/read", uri="julesd://x"), fields("resources/read", name="julesd://x"), 400, -32602, 7),
    ("an unknown prompt", body("prompts/get", name="x"), fields("prompts/get", name="x"), 400, -32602, 7),
    ("a cursor that was never given", body(cursor=""), fields(), 400, -32602, 7),
    ("a subscription to nothing", body("subscriptions/listen"), fields("subscriptions/listen"), 400, -32602, 7),
    ("an unknown method of old", body("drop", meta=None), OLD, 200, -32601, 7),
    ("an unknown tool of old", body("tools/call", meta=None, name="drop"), OLD, 200, -32602, 7),
    ("a missing resource of old", body("resources/read", meta=None, uri="julesd://x"), OLD, 200, -32002, 7),
    ("a batch of 21", [body("ping", meta=None)] * 21, {}, 400, -32600, None),
    ("initialize in a batch", [body("initialize", meta=None)], {}, 400, -32600, 7),
]


def run(checks):
    simulator = Simulator()
    session = simulator.add(state="AWAITING_PLAN_APPROVAL")
    daemon = Daemon(simulator, CORS_ORIGIN="https://ok.example")
    until(lambda: daemon.sessions())

    def post(content, headers, **options):
        content = content if isinstance(content, str) else json.dumps(content)
        return daemon.server.post("/mcp", content, headers={"Content-Type": "application/json", **headers}, **options)

    for name, content, headers, status, code, id in TABLE:
        answer = post(content, headers)
        error = (answer.json or {}).get("error", {})
        checks.equal(name, (answer.status, error.get("code"), answer.json and answer.json.get("id")), (status, code, id), answer)
        checks.that(f"{name}: the message is one short sentence", 0 < len(error.get("message", "")) <= 1000, answer)
    tomorrow = post(*TABLE[[row[0] for row in TABLE].index("a version of tomorrow")][1:3]).json["error"]["data"]
    checks.equal("an unknown version is answered with the supported ones", (tomorrow["requested"], tomorrow["supported"][0]), ("2027-01-01", VERSION))
    unknown = post(body("resources/read", uri="julesd://x"), fields("resources/read", name="julesd://x")).json["error"]["data"]
    checks.equal("an unknown resource is named", unknown, {"uri": "julesd://x"})
    encoded = post(tool("list_sessions")[0], fields("tools/call", name="=?base64?bGlzdF9zZXNzaW9ucw==?="))
    checks.that("a name field in base64 is accepted", "result" in encoded.json, encoded)
    stray = post(body(), fields(**{"Mcp-Session-Id": "x", "Last-Event-ID": "3"}))
    checks.equal("fields of earlier sessions are ignored", stray.status, 200)

    def refused(name, call, *words):
        answer = post(*call)
        result = (answer.json or {}).get("result", {})
        text = result.get("content", [{}])[0].get("text", "")
        checks.that(f"{name}: the result reports the error", answer.status == 200 and result.get("isError") is True
                    and len(text) <= 1000 and all(word in text for word in words), answer)

    refused("an argument too few", tool("get_plan"), "session_id")
    refused("an argument too many", tool("list_sessions", states=["x"]), "states", "state")
    refused("an argument of another type", tool("list_sessions", limit="3"), "limit", "1 to 50")
    refused("an id that is none", tool("get_session", session_id="a b"), "session_id")
    refused("a session that nobody has", tool("get_session", session_id="99999999999999999999"))
    refused("a cursor that was never given", tool("list_sessions", cursor="x"), "next_cursor")
    refused("a feed that was never given", tool("wait_for_attention", feed="x"), "feed")
    refused("a plan that is not the newest", tool("approve_plan", session_id=session, plan_id="0" * 32))
    refused("a repository that is none", tool("create_session", prompt="x", repo="nowhere"), "owner/name")
    simulator.fault(operation="sessions.sendMessage", fault="status", status=400)
    refused("Jules refuses", tool("send_message", session_id=session, message="x"))
    simulator.mend()

    for method in ("GET", "DELETE"):
        answer = daemon.server.ask(method, "/mcp")
        checks.equal(f"{method} is not allowed", (answer.status, answer.header("allow")), (405, "POST"))
    for origin, status in (("https://evil.example", 403), ("null", 403), ("https://ok.example", 200), (f"http://127.0.0.1:{daemon.port}", 200)):
        checks.equal(f"Origin {origin}", post(body(), fields(Origin=origin)).status, status)
    rebound = post(body(), fields(Origin=f"http://evil.example:{daemon.port}", Host=f"evil.example:{daemon.port}"))
    checks.equal("an Origin that equals Host because of DNS rebinding is refused", rebound.status, 403)
    stranger = post(body(), fields(), token="wrong-token-0123456789")
    checks.equal("a wrong token", (stranger.status, stranger.header("www-authenticate")), (401, "Bearer"))
    checks.equal("another media type", daemon.server.post("/mcp", "{}", headers={"Content-Type": "text/plain"}).status, 415)
    checks.equal("a body of 2 MiB", post("[" + " " * (2 << 20) + "]", fields()).status, 413)
    for path in ("/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-authorization-server", "/register"):
        checks.equal(f"{path} is nowhere", daemon.server.get(path, token=TOKEN).status, 404)
    daemon.stop()
