# SPDX-License-Identifier: Apache-2.0
"""An agent's day without a model: the PyPI package mcp, whatever its version, against julesd and the simulator.

usage: JULESD_TOKEN=… day.py URL|JULESCTL SIMULATOR REPO      (prints a JSON object for each step)

A URL is asked over HTTP; a program is started with `mcp --stdio`, and finds julesd by JULESCTL_URL.
"""
import asyncio
import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import AsyncExitStack
from importlib.metadata import version

import mcp
from mcp.client import stdio, streamable_http


def person(simulator, session, **command):
    """Does what a person or Jules does meanwhile. The simulator's clock moves only here."""
    for path, body in ((f"sessions/{session}", command), ("clock", {"advance": "1s"})):
        request = urllib.request.Request(
            f"{simulator}/simulator/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        urllib.request.urlopen(request).read()


def tell(step, **values):
    print(json.dumps({"step": step, **values}), flush=True)


def member(result, name):
    """A member that newer versions write in snake case."""
    camel = re.sub("_(.)", lambda found: found[1].upper(), name)
    return getattr(result, name, getattr(result, camel, None))


async def connect(stack, where):
    """A client of the newest kind if there is one, otherwise a session after its handshake."""
    program = stdio.StdioServerParameters(command=where, args=["mcp", "--stdio"], env=dict(os.environ))
    over_http = where.startswith("http")
    headers = {"Authorization": f"Bearer {os.environ.get('JULESD_TOKEN')}"}
    if hasattr(mcp, "Client"):
        if over_http:
            import httpx2
            http = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=60))
            transport = streamable_http.streamable_http_client(where, http_client=http)
        else:
            transport = stdio.stdio_client(program)
        client = await stack.enter_async_context(mcp.Client(transport))
        tell("connected", version=client.protocol_version)
        return client
    transport = streamable_http.streamablehttp_client(where, headers=headers) if over_http else stdio.stdio_client(program)
    read, write, *_ = await stack.enter_async_context(transport)
    session = await stack.enter_async_context(mcp.ClientSession(read, write))
    tell("connected", version=(await session.initialize()).protocolVersion)
    return session


def applied(patch, whole):
    """Applies a patch with git to files that contain the lines which the patch expects. Returns the files and git's errors."""
    with tempfile.TemporaryDirectory() as folder:
        for part in re.split(r"(?m)^(?=diff --git )", whole)[1:]:
            old = re.search(r"(?m)^--- a/(.+)$", part)
            if not old:
                continue
            lines = []
            for start, hunk in re.findall(r"(?m)^@@ -(\d+).*\n((?:[ +\\-].*\n?)*)", part):
                lines += [""] * (int(start) - 1 - len(lines))
                lines += [line[1:] for line in hunk.splitlines() if line[:1] in " -"]
            os.makedirs(os.path.dirname(f"{folder}/{old[1]}"), exist_ok=True)
            with open(f"{folder}/{old[1]}", "w") as file:
                file.writelines(f"{line}\n" for line in lines)
        done = subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=folder, capture_output=True)
        files = {}
        for place, _, names in os.walk(folder):
            for name in names:
                with open(f"{place}/{name}") as file:
                    files[f"{place}/{name}"[len(folder):]] = file.read()
        return files, done.stderr.decode()


async def day(client, where, simulator, repo):
    progress = []

    async def note(*beat):
        progress.append(beat)

    takes_progress = "progress_callback" in inspect.signature(client.call_tool).parameters

    async def ask(name, **arguments):
        result = await client.call_tool(name, arguments, **({"progress_callback": note} if takes_progress else {}))
        texts = [block.text for block in result.content] + [None]
        return member(result, "is_error"), *texts[:2], member(result, "structured_content")

    async def call(name, **arguments):
        failed, text, more, data = await ask(name, **arguments)
        if failed:
            raise RuntimeError(f"{name}: {text}")
        if data is not None:
            return data
        # The oldest revision has only texts. For a diff, the other data follows in a second text.
        return json.loads(text) if not more else {"part": text, **json.loads(more)}

    async def wait(feed, wanted):
        for _ in range(20):
            answer = await call("wait_for_attention", feed=feed, timeout_seconds=20)
            feed = answer["feed"]
            if any(item["why"] == wanted for item in answer["items"]):
                tell("told of " + wanted, item=answer["items"][0])
                return feed
        raise RuntimeError(f"no {wanted}")

    tell("tools", names=[tool.name for tool in (await client.list_tools()).tools])
    made = await call("create_session", prompt="Retry uploads", repo=repo, branch="main", idempotency_key=where + version("mcp"))
    session = made["session"]["id"]
    tell("created", outcome=made["outcome"])

    person(simulator, session, action="plan")
    await wait(made["feed"], "plan")
    plan = await call("get_plan", session_id=session)
    tell("plan", steps=len(plan["steps"]), waiting=plan["attention"]["waiting"])

    person(simulator, session, action="plan")
    failed, text, *_ = await ask("approve_plan", session_id=session, plan_id=plan["plan_id"])
    newer = await call("get_plan", session_id=session)
    tell("refused", failed=failed, text=text, names_the_newer=newer["plan_id"] in text)
    approved = await call("approve_plan", session_id=session, plan_id=newer["plan_id"])
    tell("approved", outcome=approved["outcome"], state=approved["state"])

    person(simulator, session, action="ask", text="Which branch?")
    await wait(approved["feed"], "question")
    asked = await call("get_session", session_id=session)
    tell("question", text=asked["last_message"]["text"])
    sent = await call("send_message", session_id=session, message="main, please")
    tell("answered", outcome=sent["outcome"])

    person(simulator, session, action="change")
    person(simulator, session, action="complete")
    await wait(sent["feed"], "finished")
    changes = await call("get_changes", session_id=session)
    patch, cursor = "", None
    while True:
        part = await call("get_diff", session_id=session, max_chars=500, **({"cursor": cursor} if cursor else {}))
        patch += part["part"]
        cursor = part.get("next_cursor")
        if not cursor:
            break
    whole = await call("get_diff", session_id=session)
    files, error = applied(whole["part"], whole["part"])
    parts, partial_error = applied(patch, whole["part"])
    tell("finished", files=len(changes["files"]), applies=not error, parts_agree=parts == files, errors=[error, partial_error])

    try:
        failed, text, *_ = await ask("drop_everything")
        tell("unknown tool", told=bool(failed), text=text)
    except Exception as error:
        tell("unknown tool", told="drop_everything" in str(error), text=str(error))
    tell("done", progress=len(progress) if takes_progress else None)


async def main(where, simulator, repo):
    async with AsyncExitStack() as stack:
        await day(await connect(stack, where), where, simulator, repo)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
