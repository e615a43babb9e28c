# SPDX-License-Identifier: Apache-2.0
"""An account whose sessions end soon. It answers creations in every way that was observed at Jules."""
import threading

from checks import until
from daemon import read
from upstream import Refusal, Upstream

# The weight of each case, whether the session is made, and the answer.
ANSWERS = [(12, True, None), (3, True, Refusal(400, "FAILED_PRECONDITION")), (1, False, Refusal(400, "FAILED_PRECONDITION")),
           (1, False, Refusal(429, "RESOURCE_EXHAUSTED", Retry_After="1")), (3, True, Refusal(503, "UNAVAILABLE")),
           (3, True, Refusal())]


class Tasks(Upstream):
    def __init__(self, chance):
        super().__init__(sessions=0)
        self.chance, self.fickle = chance, True
        # The largest number of sessions that were at work at the same time.
        self.most = 0

    def act(self, method, path, body):
        if path != ["sessions"]:
            return super().act(method, path, body)
        made, refusal = True, None
        if self.fickle:
            _, made, refusal = self.chance.choices(ANSWERS, [weight for weight, _, _ in ANSWERS])[0]
        if made:
            session = super().act(method, path, body)
            with self.lock:
                self.most = max(self.most, sum(session["state"] == "IN_PROGRESS" for session in self.sessions))
            threading.Timer(self.chance.uniform(0.1, 0.6), session.update, kwargs={"state": "COMPLETED"}).start()
        if refusal:
            raise refusal
        return session


def queue_tasks(checks, server, count):
    """Queues tasks, every second of them like the others, each at the server that `server()` returns. Returns {id: prompt}."""
    wanted = {}
    for number in range(count):
        prompt = "The same." if number % 2 else f"Task {number}"
        answer = server().post("/api/sessions", {"prompt": prompt, "queue": True, "priority": number % 3},
                               headers={"Idempotency-Key": f"task {number}"})
        if answer.status != 202:
            checks.that(f"task {number} is accepted", False, answer)
        else:
            wanted[answer.json["id"]] = prompt
    return wanted


def check_started(checks, server, account, wanted, text):
    """Waits until all tasks are started, and checks that each has one session. `text()` is printed with a failure."""
    def entries():
        return read(server, "/api/queue")["entries"]

    checks.that("all tasks are started in the end", until(lambda: all(entry["state"] == "started" for entry in entries()), 240),
                [entry for entry in entries() if entry["state"] != "started"][:3], text())
    checks.equal("no task is lost", {entry["id"] for entry in entries()}, set(wanted))
    sessions = {session["id"]: session["prompt"] for session in account.sessions}
    checks.equal("each task has its own session", {entry["sessionId"] for entry in entries()}, set(sessions))
    checks.equal("each session has the task's prompt", {entry["sessionId"]: wanted[entry["id"]] for entry in entries()}, sessions)
    checks.equal("no task makes two sessions", len(sessions), len(wanted))
    checks.equal("at most three tasks run at the same time", account.most, 3)
