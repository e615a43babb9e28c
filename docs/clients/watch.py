#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints every change of every session as it happens, one line each; reconnects where it left off.

usage: watch.py ws://HOST:PORT/ws TOKEN      (Debian: apt install python3-websockets)
"""
import asyncio
import json
import sys

import websockets


async def watch(url: str, token: str) -> None:
    cursor = None
    while True:
        address = url if cursor is None else f"{url}?since={cursor['seq']}&epoch={cursor['epoch']}"
        try:
            # A delta carries whole sessions, diffs included: no limit of ours on its size.
            async with websockets.connect(address, subprotocols=[f"bearer.{token}"], max_size=None) as socket:
                async for text in socket:
                    message = json.loads(text)
                    if message["type"] == "hello":
                        if cursor is None or cursor["epoch"] != message["epoch"]:
                            cursor = {"seq": message["seq"], "epoch": message["epoch"]}
                        print(f"connected, seq {message['seq']}", flush=True)
                    elif message["type"] == "gap":
                        print("some changes are gone: read /api/sessions again", flush=True)
                        cursor["seq"] = message["to"]
                    elif message["type"] == "session_update":
                        cursor["seq"] = message["seq"]
                        for delta in message["delta"]:
                            show(delta)
        except (OSError, websockets.ConnectionClosed) as error:
            print(f"disconnected: {error}", file=sys.stderr)
            await asyncio.sleep(1)


def show(delta: dict) -> None:
    before, after = delta["before"] or {}, delta["after"] or {}
    title = (after.get("title") or before.get("title") or "").splitlines()[:1]
    states = " -> ".join(dict.fromkeys(s for s in (before.get("state"), after.get("state")) if s))
    print(f"{delta['seq']} {delta['changeType']:8} {delta['id']} {states:40} {''.join(title)[:60]}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        asyncio.run(watch(sys.argv[1], sys.argv[2]))
    except KeyboardInterrupt:
        pass
