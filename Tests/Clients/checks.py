# SPDX-License-Identifier: Apache-2.0
"""Counts what holds and shows what does not."""
import sys
import time
import traceback


class Checks:
    def __init__(self, verbose):
        self.passed = self.failed = 0
        self.verbose = verbose
        self.room = ""

    def that(self, name, condition, *context):
        """One check; `context` is shown where it fails."""
        if condition:
            self.passed += 1
            if self.verbose:
                print(f"ok    {self.room}: {name}", flush=True)
            return True
        self.failed += 1
        print(f"FAIL  {self.room}: {name}", flush=True)
        for item in context:
            for line in str(item).splitlines() or [""]:
                print(f"      {line[:600]}")
        return False

    def equal(self, name, got, wanted, *context):
        return self.that(name, got == wanted, f"wanted {wanted!r}", f"got    {got!r}", *context)

    def status(self, name, answer, status, error=None):
        """The answer has this status and, where named, this error code and all that belongs to an error."""
        good = answer.status == status
        if error:
            body = answer.json if isinstance(answer.json, dict) else {}
            good = (good and body.get("error") == error and bool(body.get("message"))
                    and body.get("requestId") == answer.header("x-request-id") is not None)
        return self.that(name, good, f"wanted {status} {error or ''}", answer)

    def suite(self, name, run, *arguments):
        """Runs a suite; whatever it throws is one failure."""
        self.room = name
        began = time.monotonic()
        before = self.passed + self.failed
        try:
            run(self, *arguments)
        except Exception:
            self.that("runs to its end", False, traceback.format_exc())
        print(f"      {name}: {self.passed + self.failed - before} checks in {time.monotonic() - began:.1f} s", flush=True)

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed else 0)


def until(condition, seconds=20):
    """Waits until `condition` answers something true, and answers that; the last answer where time runs out."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.05)
