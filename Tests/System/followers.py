# SPDX-License-Identifier: Apache-2.0
"""Follows /ws with argv[3] clients, which reconnect with their seq when they are disconnected, until the file argv[1] is removed.

argv[2] is the token. At the end each client follows to the head of the log, and its deltas are compared with /api/deltas.
Prints the number of followers, reconnects and deltas, and how many deltas were missed, received twice or reported as a gap.
The file argv[1].following appears when all clients have connected.
"""
import asyncio
import base64
import json
import os
import struct
import sys
import urllib.request

def get(path, token):
    request = urllib.request.Request(f"http://127.0.0.1:3001{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Closed(Exception):
    """The connection has ended."""


class Follower:
    def __init__(self, seq, epoch, token):
        self.token = token
        self.seq, self.epoch, self.seqs, self.gaps, self.connections = seq, epoch, [], 0, 0

    async def follow(self):
        """Follows until the task is cancelled."""
        while True:
            try:
                await self.connection()
            except (OSError, Closed, asyncio.IncompleteReadError):
                await asyncio.sleep(0.05)

    async def connection(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", 3001)
        try:
            key = base64.b64encode(os.urandom(16)).decode()
            writer.write(
                f"GET /ws?since={self.seq}&epoch={self.epoch} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                f"Sec-WebSocket-Protocol: bearer.{self.token}\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 101"):
                raise Closed(head)
            self.connections += 1
            while True:
                await self.message(reader, writer)
        finally:
            writer.close()

    async def message(self, reader, writer):
        kind, payload = await self.frame(reader)
        if kind == 8:
            raise Closed(payload)
        if kind == 9:
            mask = os.urandom(4)
            masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
            writer.write(bytes([0x8A, 0x80 | len(payload)]) + mask + masked)
        if kind == 1:
            self.take(json.loads(payload))

    async def frame(self, reader):
        first, length = await reader.readexactly(2)
        if length == 126:
            (length,) = struct.unpack(">H", await reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", await reader.readexactly(8))
        return first & 0x0F, await reader.readexactly(length)

    def take(self, message):
        if message["type"] == "gap":
            self.gaps += 1
        if message["type"] == "session_update":
            self.seqs += [delta["seq"] for delta in message["delta"]]
            self.seq = message["seq"]


def deltas(since, token):
    seqs = []
    while True:
        page = get(f"/api/deltas?since={since}&limit=500", token)
        seqs += [delta["seq"] for delta in page["deltas"]]
        since = page["nextSince"]
        if since >= page["seq"]:
            return seqs


async def main(flag, token, count):
    start = get("/api/sessions?limit=1", token)
    followers = [Follower(start["seq"], start["epoch"], token) for _ in range(count)]
    following = [asyncio.create_task(follower.follow()) for follower in followers]
    while os.path.exists(flag):
        if all(follower.connections for follower in followers):
            open(f"{flag}.following", "w").close()
        await asyncio.sleep(0.2)
    end = await asyncio.to_thread(get, "/api/sessions?limit=1", token)
    for _ in range(300):
        if all(follower.seq >= end["seq"] for follower in followers):
            break
        await asyncio.sleep(0.2)
    for task in following:
        task.cancel()
    log = set(await asyncio.to_thread(deltas, start["seq"], token))
    log = {seq for seq in log if seq <= end["seq"]}
    missed = sum(len(log - set(follower.seqs)) for follower in followers)
    twice = sum(len(follower.seqs) - len(set(follower.seqs)) for follower in followers)
    print(
        f"followers={count} reconnects={sum(f.connections - 1 for f in followers)} deltas={len(log)}",
        f"missed={missed} twice={twice} gaps={sum(f.gaps for f in followers)}",
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
