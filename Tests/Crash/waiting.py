# SPDX-License-Identifier: Apache-2.0
"""An account in which sessions wait for a person again and again, and count what was done to them."""
import collections
import os
import random
import threading
import time

from checks import until
from daemon import read
from upstream import Upstream


def now():
    seconds = time.time()
    return time.strftime("%FT%T", time.gmtime(seconds)) + f".{int(seconds * 10**6) % 10**6:06}Z"


class WaitingAccount(Upstream):
    """Plans, questions and failures come up at every list while `moving`. Each must be answered once.

    Some answers come late, so that kills fall between an act and its answer."""

    def __init__(self, seed):
        super().__init__(sessions=0)
        self.chance = random.Random(seed)
        self.activities = collections.defaultdict(list)
        self.count, self.moved = 0, 0
        # How often each plan, each question and each prompt of a failed session was answered.
        self.plans, self.questions, self.failures = {}, {}, {}

    def begin_session(self, prompt, title=None):
        self.count += 1
        name = str(10**17 + self.count)
        session = {"name": f"sessions/{name}", "id": name, "prompt": prompt, "title": title or f"Session {self.count}", "state": "IN_PROGRESS",
                   "createTime": now(), "updateTime": now()}
        self.sessions.append(session)
        return session

    def note(self, session, originator, **what):
        self.count += 1
        self.activities[session["id"]].append({"id": f"a{self.count}", "createTime": now(), "originator": originator, **what})
        session["updateTime"] = now()

    def move(self):
        # The limit lets one list show all sessions at the end; the pause leaves work in progress at each kill.
        if len(self.sessions) >= 400 or time.monotonic() - self.moved < 0.3:
            return
        self.moved = time.monotonic()
        kind = self.chance.choice(["plan", "question", "failed"])
        session = self.begin_session(f"Task {self.count}")
        if kind == "plan":
            plan = f"p{self.count}"
            self.plans[plan] = 0
            self.note(session, "agent", planGenerated={"plan": {"id": plan, "steps": [{"title": "Do it"}]}})
            session["state"], session["plan"] = "AWAITING_PLAN_APPROVAL", plan
        elif kind == "question":
            self.questions[session["id"]] = 0
            self.note(session, "agent", agentMessaged={"agentMessage": "Shall I?"})
            session["state"] = "AWAITING_USER_FEEDBACK"
        else:
            self.failures[session["prompt"]] = 0
            # The session fails only after the first reading, because a rule ignores failures that the first reading
            # finds.
            threading.Timer(0.2, self.fail, [session]).start()

    def fail(self, session):
        with self.lock:
            self.note(session, "agent", sessionFailed={"reason": "It is broken."})
            session["state"] = "FAILED"

    def answer(self, path):
        if path[:1] == ["sessions"] and len(path) == 3:
            with self.lock:
                return {"activities": list(self.activities[path[1]])}
        answer = super().answer(path)
        if len(path) == 1 and path[:1] == ["sessions"]:
            # The newest page has 100 sessions.
            return {"sessions": answer["sessions"][:100]}
        return answer

    def act(self, method, path, body):
        time.sleep(self.chance.choice([0, 0, 0.02, 0.1]))
        answer = self.take(path, body)
        time.sleep(self.chance.choice([0, 0.02, 0.1, 0.3]))
        return answer

    def take(self, path, body):
        with self.lock:
            self.acts.append("/".join(path))
            if path == ["sessions"]:
                session = self.begin_session(body["prompt"], body.get("title"))
                self.failures[body["prompt"]] += 1
                # A retry fails too, and must not be retried.
                threading.Timer(0.5, self.fail, [session]).start()
                return session
            name, _, verb = path[1].partition(":")
            session = next(session for session in self.sessions if session["id"] == name)
            if verb == "approvePlan":
                self.plans[session["plan"]] += 1
                self.note(session, "user", planApproved={"planId": session["plan"]})
                session["state"] = "IN_PROGRESS"
            elif verb == "sendMessage":
                self.questions[name] += 1
                self.note(session, "user", userMessaged={"userMessage": body["prompt"]})
                session["state"] = "IN_PROGRESS"
            return {}


def write_rules(folder):
    """Makes a folder of rules that answer everything. Returns it."""
    os.mkdir(folder)
    for name, kind, action in (("10-approve", "plan", "Approve=yes"), ("20-reply", "question", "Reply=Yes, %t"), ("30-retry", "failed", "Retry=yes")):
        with open(f"{folder}/{name}.rule", "w") as file:
            file.write(f"[Match]\nOn={kind}\n[Action]\n{action}\nMaxPerHour=10000\n")
    return folder


def check_answered(checks, server, account, text):
    """Waits until the rules have answered everything, and checks that they did so once. Returns how many decisions are in each state."""
    def decisions():
        found, cursor = [], ""
        while True:
            page = read(server, f"/api/decisions?limit=500{cursor}")
            found += page["decisions"]
            if "nextCursor" not in page:
                return found
            cursor = f"&cursor={page['nextCursor']}"

    def answered():
        with account.lock:
            counts = [*account.plans.values(), *account.questions.values(), *account.failures.values()]
        made = decisions()
        # A retry fails as well, and is decided on as well.
        events = len(counts) + len(account.failures)
        return all(counts) and len(made) == events and not any(decision["state"] == "waiting" for decision in made)

    # The daemon waits up to two minutes to see whether an action that it was sending at the kill was done.
    until(answered, 240)
    for what, counts in ("plans", account.plans), ("questions", account.questions), ("failures", account.failures):
        checks.equal(f"of {len(counts)} {what} none is answered twice", {key: count for key, count in counts.items() if count > 1}, {}, text())
        checks.equal(f"of {len(counts)} {what} none is forgotten", [key for key, count in counts.items() if not count], [], text())
    made = collections.Counter(decision["state"] for decision in decisions())
    refused = {decision["detail"] for decision in decisions() if decision["state"] == "dropped"}
    checks.equal("no decision waits and none has failed", (made["waiting"], made["failed"]), (0, 0), decisions()[:3], text())
    checks.equal("only the retries of retries are dropped", refused, {"MaxPerSession=1 is reached"})
    return made
