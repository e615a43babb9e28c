# SPDX-License-Identifier: Apache-2.0
"""Takes one public client of the Jules API through a day's work, and prints what came of each step.

usage: drive_public.py CLIENT BASE KEY      in an environment that has the client
"""
import json
import os
import sys
import time

name, base, key = sys.argv[1:]
PROMPT = "Add a retry to the uploader"
SOURCE = "sources/github/acme/harbor"


def agent_sdk(key):
    from jules_agent_sdk import JulesClient

    client = JulesClient(api_key=key, base_url=base, max_retries=1)
    return {
        "sources": lambda: client.sources.list_all(),
        "list": lambda: client.sessions.list(page_size=5)["sessions"],
        "create": lambda: client.sessions.create(PROMPT, SOURCE, "main", "By the SDK", True).id,
        "get": lambda id: client.sessions.get(id).id,
        "wait": lambda id: client.sessions.wait_for_completion(id, 1, 60).state.value,
        "outputs": lambda id: client.sessions.get(id).outputs,
        "approve": lambda id: client.sessions.approve_plan(id),
        "message": lambda id: client.sessions.send_message(id, "Cover the time-out as well."),
        "activities": lambda id: client.activities.list_all(id),
    }


def jules_api(key):
    from jules_api.client import create_client
    from jules_api.models import CreateSessionRequest, GithubRepoContext, SendMessageRequest, SourceContext

    client = create_client(key, base)
    context = SourceContext(source=SOURCE, github_repo_context=GithubRepoContext(starting_branch="main"))
    return {
        "sources": lambda: client.list_sources().sources,
        "list": lambda: client.list_sessions(page_size=5).sessions,
        # It sends the names of the proto file, and null for fields that are not set.
        "create": lambda: client.create_session(CreateSessionRequest(
            prompt=PROMPT, source_context=context, title="By the API client", require_plan_approval=True)).id,
        "get": lambda id: client.get_session(id).id,
        "approve": lambda id: client.approve_plan(id),
        "message": lambda id: client.send_message(id, SendMessageRequest(prompt="Cover the time-out as well.")),
        "activities": lambda id: client.list_activities(id).activities,
    }


def junes(key):
    from junes.client import JulesAPIClient

    client = JulesAPIClient(key, base)
    return {
        "sources": lambda: client.list_sources()["sources"],
        "list": lambda: client.list_sessions(pageSize=5)["sessions"],
        "create": lambda: client.create_session(PROMPT, "By junes", SOURCE, "main", True)["id"],
        "get": lambda id: client.get_session(id)["id"],
        "wait": lambda id: until_over(lambda: client.get_session(id)["state"]),
        "outputs": lambda id: client.get_session(id)["outputs"],
        "approve": lambda id: client.approve_plan(id),
        "message": lambda id: client.send_message(id, "Cover the time-out as well."),
        "activities": lambda id: client.list_activities(id)["activities"],
    }


def jules_cli(key):
    os.environ.update(JULES_API_URL=base, JULES_API_KEY=key)
    from jules_cli.core import api

    return {
        "sources": api.list_sources,
        "list": lambda: api.list_sessions(5)["sessions"],
        # It cannot request an approval of plans.
        "create": lambda: api.create_session(PROMPT, SOURCE)["id"],
        "get": lambda id: api.get_session(id)["id"],
        "wait": lambda id: until_over(lambda: api.get_session(id)["state"]),
        "outputs": lambda id: api.get_session(id)["outputs"],
        "message": lambda id: api.send_message(id, "Cover the time-out as well."),
        "activities": lambda id: api.list_activities(id)["activities"],
    }


def until_over(state):
    """Asks for the session's state until it is a final one, and returns it."""
    deadline = time.monotonic() + 60
    while state() not in ("COMPLETED", "FAILED") and time.monotonic() < deadline:
        time.sleep(0.2)
    return state()


results = {}


def step(name, act, *arguments):
    """The result of one step, or the error that the client raised."""
    try:
        value = act(*arguments)
        results[name] = len(value) if isinstance(value, list) else value if isinstance(value, str) else "done"
        return value
    except Exception as error:
        results[name] = f"{type(error).__name__}: {error}"[:300]
        return None


make = {"jules-agent-sdk": agent_sdk, "jules-api": jules_api, "junes": junes, "jules-cli": jules_cli}[name]
steps = make(key)
for first in ("sources", "list"):
    step(first, steps[first])
id = step("create", steps["create"])
if id:
    step("get", steps["get"], id)
    deadline = time.monotonic() + 20
    while "approve" in steps and time.monotonic() < deadline:
        step("approve", steps["approve"], id)
        if results["approve"] == "done":
            break
        time.sleep(0.2)
    while time.monotonic() < deadline:
        step("message", steps["message"], id)
        step("activities", steps["activities"], id)
        if results["message"] == "done" and (results["activities"] if isinstance(results["activities"], int) else 2) > 1:
            break
        time.sleep(0.2)
    for last in ("wait", "outputs"):
        if last in steps:
            step(last, steps[last], id)
step("wrong key", make("wrong-" + key)["list"])
print(json.dumps(results))
