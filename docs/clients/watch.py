#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints every change of every session as it happens, one line each; reconnects where it left off.

usage: watch.py ws://HOST:PORT/ws [TOKEN]      (else the token is taken from LOCAL_TOKEN; Debian: python3-websockets)
"""
import asyncio
import json
import os
import sys
import urllib.request

import websockets


async def watch(url: str, token: str) -> None:
    cursor = None
    while True:
        address = url if cursor is None else f"{url}?since={cursor['seq']}&epoch={cursor['epoch']}"
        try:
            # A delta contains whole sessions with their diffs, so there is no limit on its size.
            async with websockets.connect(address, subprotocols=[f"bearer.{token}"], max_size=None) as socket:
                async for text in socket:
                    message = json.loads(text)
                    if message["type"] == "hello":
                        print(f"connected, seq {message['seq']}", flush=True)
                        epoch = message["epoch"]
                        cursor = cursor or {"seq": message["seq"], "epoch": epoch}
                    elif message["type"] == "gap":
                        print(f"changes up to {message['to']} are gone; the newest sessions as they are now:")
                        await asyncio.to_thread(show_sessions, url, token)
                        cursor = {"seq": message["to"], "epoch": epoch}
                    elif message["type"] == "session_update":
                        for delta in message["delta"]:
                            show(delta)
                        cursor["seq"] = message["seq"]
        except (OSError, websockets.WebSocketException) as error:
            print(f"disconnected: {error}", file=sys.stderr, flush=True)
        await asyncio.sleep(2)


def show(delta: dict) -> None:
    before, after = delta["before"] or {}, delta["after"] or {}
    title = (after.get("title") or before.get("title") or "").splitlines()[:1]
    states = " -> ".join(dict.fromkeys(s for s in (before.get("state"), after.get("state")) if s))
    print(f"{delta['seq']} {delta['changeType']} {delta['id']} {states} {''.join(title)[:60]}", flush=True)


def show_sessions(url: str, token: str) -> None:
    base = url.replace("ws", "http", 1).removesuffix("/ws")
    request = urllib.request.Request(f"{base}/api/sessions?limit=500", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        for session in json.load(answer)["sessions"]:
            print(f"session {session['id']} {session.get('state')}", flush=True)


if __name__ == "__main__":
    token = sys.argv[2] if len(sys.argv) == 3 else os.environ.get("LOCAL_TOKEN")
    if len(sys.argv) not in (2, 3) or not token:
        sys.exit(__doc__)
    try:
        asyncio.run(watch(sys.argv[1], token))
    except KeyboardInterrupt:
        pass
