# SPDX-License-Identifier: Apache-2.0
"""A Jules API that returns any answer that a test needs, however odd or large."""
import http.server
import json
import threading


class Upstream:
    """A Jules API that returns the given objects."""

    def __init__(self, sessions, activities, sources=()):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_GET(self):
                path = self.path.split("?")[0].removeprefix("/v1alpha/")
                if path == "sessions":
                    body = {} if "archived" in self.path and "true" in self.path and "OR" not in self.path else {"sessions": sessions}
                elif path.endswith("/activities"):
                    body = {"activities": activities[path.split("/")[1]]}
                elif path == "sources":
                    body = {"sources": list(sources)}
                else:
                    body = next((s for s in sessions if s["name"] == path), None)
                self.answer(body)

            def do_POST(self):
                """Every action succeeds. A new session looks like the first one."""
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                made = {**sessions[0], "name": "sessions/777", "id": "777"}
                self.answer(made if self.path.endswith("/sessions") else {})

            def answer(self, body):
                data = json.dumps(body if body is not None else {"error": {"code": 404, "status": "NOT_FOUND"}}).encode()
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self.server.server_port}/v1alpha"
