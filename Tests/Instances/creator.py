# SPDX-License-Identifier: Apache-2.0
"""A person who creates sessions under keys through any instance, some at two instances at the same time, and retries until done."""
import concurrent.futures
import http.client
import threading
import time

# The answers after which a client tries again with the same key.
RETRIED = {409, 429, 502, 503, 504}


class Creator(threading.Thread):
    """Without `instances` it goes through the balancer only."""

    def __init__(self, name, balancer, instances, chance, pause=0.5):
        super().__init__(daemon=True)
        self.name, self.balancer, self.instances, self.chance, self.pause = name, balancer, instances, chance, pause
        # {key: the ids that were answered}, and what was answered to attempts in vain.
        self.made, self.faults, self.refusals, self.attempts = {}, [], [], 0
        self.ending, self.leaving = threading.Event(), threading.Event()
        self.start()

    def run(self):
        number = 0
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            while not self.ending.is_set():
                number += 1
                key = f"{self.name}, {number}"
                if number % 2 or not self.instances:
                    targets = [self.balancer]
                else:
                    targets = [instance.server for instance in self.chance.sample(self.instances, 2)]
                self.made[key] = set(pool.map(lambda target: self.create(target, key), targets))
                self.ending.wait(self.pause)

    def create(self, target, key):
        """The id of the session that was made under the key."""
        deadline = time.monotonic() + 120
        answer = None
        while time.monotonic() < deadline and not self.leaving.is_set():
            self.attempts += 1
            try:
                answer = target.post("/api/sessions", {"prompt": f"Once under {key}"}, headers={"Idempotency-Key": key}, timeout=15)
                if answer.status == 201:
                    return answer.json["id"]
                if answer.status not in RETRIED:
                    break
            except (OSError, http.client.HTTPException) as error:
                answer = repr(error)
            self.refusals.append(f"{time.strftime('%T')} {key}: {answer}")
            # The instance that was asked may be gone for long; a client then asks another.
            target = self.chance.choice([self.balancer, target])
            time.sleep(self.chance.uniform(0.1, 0.5))
        self.faults.append(f"{time.strftime('%T')} {key}: {answer}")
        return None

    def end(self):
        """Waits until the present creation is done."""
        self.ending.set()
        self.join(150)

    def leave(self):
        """Gives the present creation up."""
        self.ending.set()
        self.leaving.set()
