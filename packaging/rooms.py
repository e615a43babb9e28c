#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the dependencies between rooms with those that docs/architecture.md allows.

A room is a folder of a module. An arrow goes from the room that names a symbol to the room that defines it. The arrows come from the
compiler's index of the last build, so calls of members in extensions count too. The check fails on an arrow that the tables do not
allow, on an allowed arrow that nothing uses, and on a circle.
"""

import argparse
import pathlib
import re
import sys

from symbols import ROLE_DEFINITION, ROLE_REFERENCE, Index


def room_of(path, sources):
    """("julesd", "Store") for Sources/julesd/Store/Schema.swift. Files at a module's root belong to the room "root"."""
    parts = path.relative_to(sources).parts
    return parts[0], parts[1] if len(parts) > 2 else "root"


def arrows(index, sources):
    """{(module, user, used): {"File.swift names symbol", …}} for rooms of one module."""
    defined, named = {}, []
    for path, record in index.files(sources).items():
        for occurrence in index.occurrences(record):
            if occurrence.roles & ROLE_DEFINITION:
                defined[occurrence.identity] = path
            if occurrence.roles & ROLE_REFERENCE:
                named.append((path, occurrence.identity, occurrence.name))
    found = {}
    for path, identity, name in named:
        if identity not in defined:
            continue
        user, used = room_of(path, sources), room_of(defined[identity], sources)
        if user[0] == used[0] and user != used:
            found.setdefault((user[0], user[1], used[1]), set()).add(f"{path.name} names {name} of {defined[identity].name}")
    return found


def table(text):
    """The allowed arrows of docs/architecture.md: a heading `### Rooms of MODULE`, then rows "| `A`, `B` | `C`, `D` |"."""
    allowed, everything, module = set(), set(), None
    for line in text.splitlines():
        if heading := re.match(r"### Rooms of `?([\w-]+)`?", line):
            module = heading[1]
        elif line.startswith("#"):
            module = None
        elif module and line.startswith("|") and "`" in line:
            users, used = line.strip("|").split("|")[:2]
            for user in re.findall(r"`(\w+)`", users):
                if "every room" in used:
                    everything.add((module, user))
                allowed |= {(module, user, other) for other in re.findall(r"`(\w+)`", used)}
    return allowed, everything


def circle(found):
    """One circle as a list of rooms, or None."""
    edges = {}
    for module, user, used in found:
        edges.setdefault((module, user), set()).add((module, used))
    state = {}

    def visit(room, path):
        state[room] = "open"
        for other in sorted(edges.get(room, ())):
            if state.get(other) == "open":
                return path[path.index(other):] + [other] if other in path else [room, other]
            if other not in state and (hit := visit(other, path + [other])):
                return hit
        state[room] = "done"
        return None

    for room in sorted(edges):
        if room not in state and (hit := visit(room, [room])):
            return hit
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", required=True, help="the index store of the last build")
    parser.add_argument("--sources", default="Sources")
    parser.add_argument("--tables", default="docs/architecture.md")
    parser.add_argument("--list", action="store_true", help="print every arrow with what makes it")
    options = parser.parse_args()
    sources = pathlib.Path(options.sources).resolve()
    found = arrows(Index(options.index), sources)
    if not found:
        sys.exit("rooms: the index has no arrows: does it belong to this checkout?")
    if options.list:
        for (module, user, used), reasons in sorted(found.items()):
            print(f"{module}: {user} -> {used} ({len(reasons)})")
            for reason in sorted(reasons):
                print(f"    {reason}")
    allowed, everything = table(pathlib.Path(options.tables).read_text())
    faults = []
    for (module, user, used), reasons in sorted(found.items()):
        if (module, user, used) not in allowed and (module, user) not in everything:
            faults.append(f"{module}: {user} uses {used}, which {options.tables} does not allow: " + "; ".join(sorted(reasons)[:3]))
    for module, user, used in sorted(allowed - set(found)):
        faults.append(f"{module}: {options.tables} allows {user} to use {used}, and nothing does")
    if hit := circle(found):
        faults.append("a circle: " + " -> ".join(f"{module}/{room}" for module, room in hit))
    for fault in faults:
        print(f"rooms: {fault}", file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
