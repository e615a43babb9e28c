# SPDX-License-Identifier: Apache-2.0
"""The part of the Jules API that polling needs: an account in which something changes at every list."""
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STATES = ["IN_PROGRESS", "AWAITING_USER_FEEDBACK", "COMPLETED"]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Ignores the errors of a client that was killed."""


class Refusal(Exception):
    """An answer other than 200 to a person's request. Without a status the connection ends without an answer."""

    def __init__(self, status=None, name="", **headers):
        super().__init__(status)
        self.status, self.body = status, {"error": {"code": status, "status": name, "message": "No."}}
        self.headers = headers


class Upstream:
    def __init__(self, sessions=40, changes=7, size=300):
        self.lock = threading.Lock()
        self.changes, self.turn, self.moving = changes, 0, False
        self.lists = 0
        # Method and path of each action that people had done. `acted` is called after an action is done and before it
        # is answered.
        self.acts, self.acted = [], lambda: None
        self.hangs = lambda path: False
        self.late, self.held = False, 0
        self.released = threading.Event()
        self.sessions = [self.session(number, size) for number in range(sessions)]
        # {session's id: its activities, oldest first}
        self.activities = {}
        self.server = Server(("127.0.0.1", 0), type("Handler", (Handler,), {"account": self}))
        self.base = f"http://127.0.0.1:{self.server.server_port}/v1alpha"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def session(number, size):
        name = str(10**17 + number)
        return {"name": f"sessions/{name}", "id": name, "prompt": "Do it. " * (size // 7), "title": f"Session {number}",
                "sourceContext": {"source": "sources/github/acme/harbor"}, "state": "IN_PROGRESS",
                "createTime": f"2026-11-20T09:{number // 60 % 60:02}:{number % 60:02}Z",
                "updateTime": "2026-11-20T10:00:00Z"}

    def answer(self, path):
        with self.lock:
            if path[:1] != ["sessions"]:
                return {}
            if len(path) == 1:
                self.lists += 1
                if self.moving:
                    self.move()
                return {"sessions": list(reversed(self.sessions))}
            if len(path) == 2:
                return next((session for session in self.sessions if session["id"] == path[1]), None)
            if path[2:] == ["activities"]:
                return {"activities": list(self.activities.get(path[1], []))}
            return {}

    def talk(self, session, state, kind, content):
        """Sets a session's state and adds the matching activity."""
        with self.lock:
            activities = self.activities.setdefault(session["id"], [])
            name = f"{len(activities):032x}"
            activities.append({"name": f"{session['name']}/activities/{name}", "id": name, kind: content,
                               "createTime": f"2026-11-20T11:00:{len(activities):02}Z"})
            session["state"] = state

    def act(self, method, path, body):
        """Does what a person asks for. Returns the answer, or None if there is no such session."""
        with self.lock:
            self.acts.append(f"{method} {'/'.join(path)}")
            if path == ["sessions"]:
                session = self.session(len(self.acts) + 10**6, 0)
                session.update(prompt=body["prompt"], title=body.get("title", ""), createTime=time.strftime("%FT%TZ", time.gmtime()))
                del session["sourceContext"]
                self.sessions.append(session)
                return session
            name, _, verb = path[1].partition(":")
            session = next((session for session in self.sessions if session["id"] == name), None)
            if session is None:
                return None
            if method == "DELETE":
                self.sessions.remove(session)
            elif verb in ("archive", "unarchive"):
                session["archived"] = verb == "archive"
                return session
            return {}

    def hang(self, when, late=False):
        """From now on the requests for these paths get no answer until `release`.

        With `late`, they are then answered with the account's state at the time of the request."""
        if self.released.is_set():
            self.released = threading.Event()
        self.hangs, self.late, self.held = when, late, 0

    def release(self):
        self.hangs = lambda path: False
        self.released.set()

    def move(self):
        for _ in range(self.changes):
            session = self.sessions[self.turn % len(self.sessions)]
            session["state"], session["title"] = STATES[self.turn % 3], f"Turn {self.turn}"
            self.turn += 1

    def change(self, count, title):
        """Changes this many sessions at the same time."""
        with self.lock:
            for session in self.sessions[:count]:
                session["title"] = title

    def truth(self):
        with self.lock:
            return {session["id"]: (session["state"], session["title"]) for session in self.sessions}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are sent in two writes. Nagle's algorithm would delay the second one by 40 ms.
    disable_nagle_algorithm = True

    def do_GET(self):
        path = self.path.split("?")[0].split("/")[2:]
        hangs, late = self.account.hangs(path), self.account.late
        if hangs and not late:
            self.account.released.wait()
        answer = self.account.answer(path)
        body = json.dumps(answer if answer is not None else {"error": {"code": 404, "status": "NOT_FOUND"}}).encode()
        if hangs and late:
            with self.account.lock:
                self.account.held += 1
            self.account.released.wait()
        self.reply(answer, body)

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            answer = self.account.act(self.command, self.path.split("/")[2:], json.loads(text or b"{}"))
        except Refusal as refusal:
            return self.refuse(refusal)
        self.account.acted()
        self.reply(answer, json.dumps(answer if answer is not None else {"error": {"code": 404, "status": "NOT_FOUND"}}).encode())

    do_DELETE = do_POST

    def refuse(self, refusal):
        if refusal.status is None:
            self.close_connection = True
        else:
            self.reply(refusal.body, json.dumps(refusal.body).encode(), refusal.status, refusal.headers)

    def reply(self, answer, body, status=200, headers={}):
        self.send_response(status if answer is not None else 404)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
