# SPDX-License-Identifier: Apache-2.0
"""Counts checks, and prints the failed ones."""
import sys
import time
import traceback


class Checks:
    def __init__(self, verbose):
        self.passed = self.failed = 0
        self.verbose = verbose
        self.room = ""

    def that(self, name, condition, *context):
        """One check. `context` is printed if it fails."""
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
        """Checks the status and, if given, the error code and all parts of an error."""
        good = answer.status == status
        if error:
            body = answer.json if isinstance(answer.json, dict) else {}
            good = (good and body.get("error") == error and bool(body.get("message"))
                    and body.get("requestId") == answer.header("x-request-id") is not None)
        return self.that(name, good, f"wanted {status} {error or ''}", answer)

    def suite(self, name, run, *arguments):
        """Runs a suite. An exception counts as one failure."""
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
    """Waits until `condition` returns something true, and returns it; after the time limit, returns the last value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.05)
