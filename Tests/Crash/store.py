# SPDX-License-Identifier: Apache-2.0
"""The store as it lies on the disk, read by SQLite's own Python module from a copy."""
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile

from witness import fingerprint


def read(folder):
    """Epoch, head and {seq: fingerprint} of the log, write-ahead log included."""
    with tempfile.TemporaryDirectory() as copy:
        for suffix in ("", "-wal"):
            if os.path.exists(f"{folder}/sessions.sqlite{suffix}"):
                shutil.copy(f"{folder}/sessions.sqlite{suffix}", copy)
        database = sqlite3.connect(f"{copy}/sessions.sqlite")
        try:
            epoch, head = database.execute("SELECT epoch, head FROM log").fetchone()
            deltas = {seq: fingerprint(json.loads(body)) for seq, body in database.execute("SELECT seq, body FROM delta")}
            return epoch, head, deltas
        finally:
            database.close()


def holes(head, deltas):
    """Numbers that are missing up to the head."""
    return set(range(min(deltas), head + 1)) - set(deltas) if deltas else set()


def digest(folder, *names):
    return [hashlib.sha256(open(f"{folder}/{name}", "rb").read()).hexdigest() for name in names]
