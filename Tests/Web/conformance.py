# SPDX-License-Identifier: Apache-2.0
"""Checks real answers against /openapi.json.

usage: conformance.py ADDRESS TOKEN         (needs jsonschema)
"""
import json
import sys
import urllib.error
import urllib.request

import jsonschema


class Conformance:
    """A daemon, its description, and how many answers were not as described."""

    def __init__(self, address, token):
        self.address, self.token, self.failures = address, token, 0
        self.description = json.loads(self.ask("GET", "/openapi.json", known=False)[2])

    def ask(self, method, path, body=None, known=True, headers={}):
        fields = {**headers, **({"Authorization": f"Bearer {self.token}"} if known else {})}
        data = None if body is None else json.dumps(body).encode()
        if data:
            fields.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.address + path, data, fields, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def follow(self, part):
        while "$ref" in part:
            found = self.description
            for key in part["$ref"][2:].split("/"):
                found = found[key.replace("~1", "/").replace("~0", "~")]
            part = found
        return part

    def problems(self, value, schema, place):
        """The differences between a value and its schema. A member that the description does not name is a difference too, except in Jules's own objects."""
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": self.description["components"], **schema}
        yield from (f"{place}: {error.json_path} {error.message[:200]}" for error in jsonschema.Draft202012Validator(whole).iter_errors(value))
        yield from self.strangers(value, schema, place)

    def strangers(self, value, schema, place):
        if schema.get("$ref", "").rsplit("/", 1)[-1] in ("Session", "Activity", "Source"):
            return
        schema = self.follow(schema)
        for choice in schema.get("oneOf", []) + schema.get("anyOf", []):
            if self.follow(choice).get("properties", {}).get("type", {}).get("const") == (value or {}).get("type"):
                yield from self.strangers(value, choice, place)
        if isinstance(value, dict) and "properties" in schema:
            for name, member in value.items():
                if name in schema["properties"]:
                    yield from self.strangers(member, schema["properties"][name], f"{place}.{name}")
                else:
                    yield f"{place}.{name} is not described"
        if isinstance(value, list) and "items" in schema:
            for item in value:
                yield from self.strangers(item, schema["items"], f"{place}[]")

    def report(self, lines):
        for line in lines:
            self.failures += 1
            print(line)

    def hold(self, method, template, status, path=None, body=None, **options):
        """Sends a request and checks the answer against its description. Returns the body."""
        got, headers, data = self.ask(method, path or template, body, **options)
        what = f"{method} {path or template}"
        found = [] if got == status else [f"{what} was answered {got}, not {status}: {data[:300]}"]
        described = self.description["paths"][template][method.lower()]["responses"].get(str(got))
        value = None
        if described is None:
            found.append(f"{what}: {got} is not described")
        else:
            described = self.follow(described)
            for name in described.get("headers", {}):
                if name not in headers and not name.startswith(("RateLimit", "X-Request-Id", "Retry-After")):
                    found.append(f"{what}: {got} came without {name}")
            content = described.get("content", {})
            kind = headers.get_content_type() if data else None
            if data and kind not in content:
                found.append(f"{what}: {got} came as {kind}")
            elif kind == "application/json":
                value = json.loads(data)
                found += self.problems(value, content[kind]["schema"], f"{what} {got}")
        self.report(found)
        return value

    def hold_examples(self):
        """Holds what the description itself shows against it."""
        for kind, schema in self.description["components"]["schemas"].items():
            for sample in schema.get("examples", []):
                self.report(self.problems(sample, {"$ref": f"#/components/schemas/{kind}"}, f"example of {kind}"))
        for place, sample, schema in samples(self.description):
            if place.endswith("application/json"):
                self.report(self.problems(sample, schema, f"example at {place}"))


def samples(part, place=""):
    """All example bodies of the description."""
    if isinstance(part, dict):
        if "schema" in part and "in" not in part and "/content/" in place:
            for sample in [part[key] for key in ("example",) if key in part] + [one["value"] for one in part.get("examples", {}).values()]:
                yield place, sample, part["schema"]
        for key, below in part.items():
            yield from samples(below, f"{place}/{key}")


def hold_answers(hold, ask):
    """Asks for every path, well and badly."""
    hold("GET", "/healthz", 200, known=False)
    hold("GET", "/readyz", 200, known=False)
    for path in ("/metrics", "/", "/docs", "/openapi.json"):
        hold("GET", path, 200, known=False)
    hold("GET", "/docs/{file}", 200, "/docs/docs.css", known=False)
    hold("GET", "/page/{file}", 200, "/page/app.js", known=False)
    hold("GET", "/page/{file}", 404, "/page/none", known=False)
    hold("GET", "/api/status", 200)
    hold("GET", "/api/status", 401, known=False)
    hold("GET", "/api/status", 400, "/api/status?x=1")
    sessions = hold("GET", "/api/sessions", 200, "/api/sessions?limit=2")["sessions"]
    hold("GET", "/api/sessions", 200, "/api/sessions?repo=acme/harbour")
    hold("GET", "/api/sessions", 400, "/api/sessions?limit=0&archived=2")
    hold("GET", "/api/inbox", 200)
    hold("GET", "/api/sources", 200)
    deltas = hold("GET", "/api/deltas", 200, "/api/deltas?since=0")
    hold("GET", "/api/deltas", 200, f"/api/deltas?since={deltas['seq'] + 9}")
    hold("GET", "/api/events", 400, "/api/events?session=no.id")
    hold("GET", "/ws", 426)
    one = sessions[0]["id"]
    path = f"/api/sessions/{one}"
    hold("GET", "/api/sessions/{id}", 200, path)
    tag = ask("GET", path)[1]["ETag"]
    hold("GET", "/api/sessions/{id}", 304, path, headers={"If-None-Match": tag})
    hold("GET", "/api/sessions/{id}", 404, "/api/sessions/1")
    hold("GET", "/api/sessions/{id}/activities", 200, f"{path}/activities")
    hold("POST", "/api/sessions/{id}/archive", 200, f"{path}/archive")
    hold("POST", "/api/sessions/{id}/unarchive", 200, f"{path}/unarchive")
    hold("POST", "/api/sessions/{id}/acknowledge", 404, "/api/sessions/1/acknowledge")
    hold("POST", "/api/sessions/{id}/approve", 409, f"{path}/approve", {"planId": "another"})
    hold("POST", "/api/sessions/{id}/message", 400, f"{path}/message", {"message": ""})
    hold("POST", "/api/sessions/{id}/message", 415, f"{path}/message", {"message": "x"}, headers={"Content-Type": "text/plain"})
    created = {"prompt": "Add a test", "repo": "acme/harbor"}
    new = hold("POST", "/api/sessions", 201, body=created, headers={"Idempotency-Key": "k1"})
    hold("POST", "/api/sessions", 422, body={"prompt": "Add two"}, headers={"Idempotency-Key": "k1"})
    hold("POST", "/api/sessions", 400, body={"prompt": "", "repos": 1})
    hold("POST", "/api/sessions/bulk", 200, body={"action": "acknowledge", "ids": [one, "1"]})
    hold("GET", "/api/deliveries", 200)
    hold("POST", "/api/deliveries/{id}/retry", 404, "/api/deliveries/msg_1/retry")
    hold("DELETE", "/api/sessions/{id}", 204, f"/api/sessions/{new['id']}")


def main(address, token):
    conformance = Conformance(address, token)
    conformance.hold_examples()
    hold_answers(conformance.hold, conformance.ask)
    sys.exit(1 if conformance.failures else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
