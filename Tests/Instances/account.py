# SPDX-License-Identifier: Apache-2.0
"""An account that all instances share: it changes at every list, counts every request, and sometimes loses an answer."""
import collections
import time

from upstream import Refusal, Upstream


class SharedAccount(Upstream):
    """The first `changing` sessions change by themselves. The others wait for a person and change only by people's actions."""

    def __init__(self, chance, changing=30, waiting=30, changes=3):
        super().__init__(sessions=changing + waiting, changes=changes)
        self.chance, self.changing, self.lost = chance, changing, 0.0
        self.waiting = self.sessions[changing:]
        for session in self.waiting:
            self.talk(session, "AWAITING_USER_FEEDBACK", "agentMessaged", {"agentMessage": "Shall I?"})
        # When each request came, by the monotonic clock.
        self.requests = []

    def answer(self, path):
        self.requests.append(time.monotonic())
        return super().answer(path)

    def act(self, method, path, body):
        self.requests.append(time.monotonic())
        answer = super().act(method, path, body)
        if path == ["sessions"]:
            time.sleep(self.chance.uniform(0, 0.1))
            if self.chance.random() < self.lost:
                raise Refusal()
        return answer

    def move(self):
        for _ in range(self.changes):
            session = self.sessions[self.turn % self.changing]
            session["state"], session["title"] = ("IN_PROGRESS", "COMPLETED")[self.turn // self.changing % 2], f"Turn {self.turn}"
            self.turn += 1

    def created(self):
        """{prompt: how many sessions have it} of the sessions that people made."""
        with self.lock:
            return collections.Counter(session["prompt"] for session in self.sessions[self.changing + len(self.waiting):])

    def busiest(self, seconds):
        """The largest number of requests in any stretch of this many seconds."""
        times, first, most = sorted(self.requests), 0, 0
        for last, at in enumerate(times):
            while at - times[first] >= seconds:
                first += 1
            most = max(most, last - first + 1)
        return most
