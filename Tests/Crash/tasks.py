# SPDX-License-Identifier: Apache-2.0
"""An account whose sessions end soon. It answers creations in every way that was observed at Jules."""
import threading

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
