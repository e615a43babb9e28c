# SPDX-License-Identifier: Apache-2.0
"""Reads the store on the disk from a copy, with SQLite's own Python module."""
import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile

from witness import fingerprint


@contextlib.contextmanager
def opened(folder):
    """A connection to a copy of the store."""
    files = [f"{folder}/sessions.sqlite{suffix}" for suffix in ("", "-wal")]
    with tempfile.TemporaryDirectory() as copy:
        # A running daemon may move the log into the file between the two copies.
        for _attempt in range(20):
            before = states(files)
            for file in files:
                if os.path.exists(file):
                    shutil.copy(file, copy)
            if states(files) == before:
                break
        database = sqlite3.connect(f"{copy}/sessions.sqlite")
        try:
            yield database
        finally:
            database.close()


def states(files):
    """Size and time of the last change of each file. None if it does not exist."""
    return [(os.stat(file).st_size, os.stat(file).st_mtime_ns) if os.path.exists(file) else None for file in files]


def read(folder):
    """Epoch, head and {seq: fingerprint} of the log, including the write-ahead log."""
    with opened(folder) as database:
        epoch, head = database.execute("SELECT epoch, head FROM log").fetchone()
        deltas = {seq: fingerprint(json.loads(body)) for seq, body in database.execute("SELECT seq, body FROM delta")}
        return epoch, head, deltas


def answers(folder):
    """{key: body} of the requests with an Idempotency-Key. The body is None while the answer is not stored."""
    with opened(folder) as database:
        return dict(database.execute("SELECT key, answer FROM keyed_request"))


def holes(head, deltas):
    """The numbers below the head that are missing."""
    return set(range(min(deltas), head + 1)) - set(deltas) if deltas else set()


def digest(folder, *names):
    return [hashlib.sha256(open(f"{folder}/{name}", "rb").read()).hexdigest() for name in names]
