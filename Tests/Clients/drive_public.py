# SPDX-License-Identifier: Apache-2.0
"""Takes one public client of the Jules API through a day's work, and prints what came of each step.

usage: drive_public.py CLIENT BASE KEY      in an environment that has the client
"""
import json
import os
import sys
import time

PROMPT = "Add a retry to the uploader"
SOURCE = "sources/github/acme/harbor"


def agent_sdk(key, base):
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


def jules_api(key, base):
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


def junes(key, base):
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


def jules_cli(key, base):
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


CLIENTS = {"jules-agent-sdk": agent_sdk, "jules-api": jules_api, "junes": junes, "jules-cli": jules_cli}


class Day:
    """One client's steps, and what came of each."""

    def __init__(self, steps):
        self.steps, self.results = steps, {}

    def step(self, name, *arguments):
        """One step's result, or nothing after an error, which is noted."""
        return self.attempt(name, self.steps[name], *arguments)

    def attempt(self, name, act, *arguments):
        try:
            value = act(*arguments)
            self.results[name] = len(value) if isinstance(value, list) else value if isinstance(value, str) else "done"
            return value
        except Exception as error:
            self.results[name] = f"{type(error).__name__}: {error}"[:300]
            return None

    def is_answered(self):
        """Whether the message has been taken and shows among the activities."""
        activities = self.results["activities"]
        return self.results["message"] == "done" and (not isinstance(activities, int) or activities > 1)

    def work(self):
        self.step("sources")
        self.step("list")
        id = self.step("create")
        if not id:
            return
        self.step("get", id)
        deadline = time.monotonic() + 20
        while "approve" in self.steps and time.monotonic() < deadline:
            self.step("approve", id)
            if self.results["approve"] == "done":
                break
            time.sleep(0.2)
        while time.monotonic() < deadline:
            self.step("message", id)
            self.step("activities", id)
            if self.is_answered():
                break
            time.sleep(0.2)
        for last in ("wait", "outputs"):
            if last in self.steps:
                self.step(last, id)


def main(name, base, key):
    make = CLIENTS[name]
    day = Day(make(key, base))
    day.work()
    day.attempt("wrong key", make("wrong-" + key, base)["list"])
    print(json.dumps(day.results))


if __name__ == "__main__":
    main(*sys.argv[1:])
