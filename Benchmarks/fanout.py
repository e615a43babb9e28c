#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Connects N WebSocket clients and measures how one change reaches all of them.

usage: fanout.py HOST:PORT TOKEN CLIENTS SECONDS

For each session_update: how many clients got it, and the time from its commit (the delta's own timestamp, in whole
milliseconds) until the last of them had been handed the bytes. At the end every client must have seen every seq since
its hello exactly once; otherwise the exit status is 1. One thread polls all sockets, so that the daemon does not pay
for waking anybody.
"""
import base64
import datetime
import json
import os
import resource
import select
import socket
import statistics
import sys
import time


def connect(address, token):
    s = socket.create_connection(address, timeout=30)
    key = base64.b64encode(os.urandom(16)).decode()
    s.sendall(
        f"GET /ws HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: bearer.{token}\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        piece = s.recv(65536)
        if not piece:
            sys.exit(f"refused: {head.decode(errors='replace')}")
        head += piece
    status, rest = head.split(b"\r\n\r\n", 1)
    if b" 101 " not in status.split(b"\r\n")[0]:
        sys.exit(f"refused: {status.decode()}")
    s.setblocking(False)
    return s, bytearray(rest)


def frames(buffer):
    """Takes the complete frames off the buffer's front: (opcode, payload)."""
    while len(buffer) >= 2:
        length, start = buffer[1] & 127, 2
        if length == 126:
            length, start = int.from_bytes(buffer[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(buffer[2:10], "big"), 10
        if len(buffer) < start + length:
            return
        yield buffer[0] & 15, bytes(buffer[start : start + length])
        del buffer[: start + length]


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    token, count, seconds = sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    poll = select.epoll()
    buffers, sockets, chunks = {}, {}, []
    began = time.time()
    for _ in range(count):
        s, rest = connect((host, int(port)), token)
        sockets[s.fileno()] = s
        buffers[s.fileno()] = rest
        poll.register(s, select.EPOLLIN)
    print(f"{count} handshakes in {time.time() - began:.2f} s", flush=True)
    end = time.time() + seconds
    while time.time() < end:
        for number, _ in poll.poll(0.2):
            data = sockets[number].recv(1 << 20)
            chunks.append((number, time.time(), data))
            if not data:
                sys.exit("a client was disconnected")
    # Parsing waits until here, so that it does not delay the clients that come later.
    start, seen, arrivals = {}, {}, {}
    for number, when, data in [(n, began, b"") for n in buffers] + chunks:
        buffers[number] += data
        for opcode, payload in frames(buffers[number]):
            if opcode != 1:
                continue
            message = json.loads(payload)
            if message["type"] == "hello":
                start[number] = seen[number] = message["seq"]
            elif message["type"] == "session_update":
                for delta in message["delta"]:
                    if delta["seq"] != seen[number] + 1:
                        sys.exit(f"client {number} got {delta['seq']} after {seen[number]}")
                    seen[number] = delta["seq"]
                at = datetime.datetime.fromisoformat(message["delta"][-1]["timestamp"].replace("Z", "+00:00"))
                arrivals.setdefault(message["seq"], []).append((when - at.timestamp()) * 1000)
    head = max(seen.values())
    late = [n for n in seen if seen[n] != head]
    whole = [sorted(times) for seq, times in sorted(arrivals.items()) if len(times) == count]
    print(f"{len(arrivals)} messages, {len(whole)} of them after all had connected; {count - len(late)} of {count} at the head")
    if whole:
        for name, pick in (("first", 0), ("median", count // 2), ("last", -1)):
            values = [times[pick] for times in whole]
            print(f"  {name:6} client: median {statistics.median(values):7.1f} ms, worst {max(values):7.1f} ms")
    sys.exit(1 if late or len(start) != count else 0)


main()
