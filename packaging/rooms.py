#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the dependencies between rooms with those that docs/architecture.md allows.

A room is a folder of a module. An arrow goes from the room that names a symbol to the room that defines it. The arrows come from the
compiler's index of the last build, so calls of members in extensions count too. The check fails on an arrow that the tables do not
allow, on an allowed arrow that nothing uses, and on a circle.
"""

import argparse
import ctypes
import pathlib
import re
import shutil
import sys

# The values are from include/indexstore/indexstore.h of the Swift toolchain's LLVM.
DEPENDENCY_RECORD = 2
ROLE_DEFINITION = 1 << 1
ROLE_REFERENCE = 1 << 2


class Text(ctypes.Structure):
    """indexstore_string_ref_t: bytes and their length, without a terminating zero."""

    _fields_ = [("data", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    def __str__(self):
        return ctypes.string_at(self.data, self.length).decode() if self.data else ""


Visit = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p)
VisitName = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, Text)


class Index:
    """The compiler's index of one build folder."""

    def __init__(self, path):
        swift = shutil.which("swift") or sys.exit("rooms: no Swift toolchain in PATH")
        library = pathlib.Path(swift).resolve().parent.parent / "lib" / "libIndexStore.so"
        self.library = ctypes.CDLL(str(library))
        for name, result in [
            ("store_create", ctypes.c_void_p),
            ("unit_reader_create", ctypes.c_void_p),
            ("record_reader_create", ctypes.c_void_p),
            ("unit_reader_get_main_file", Text),
            ("unit_dependency_get_name", Text),
            ("unit_dependency_get_filepath", Text),
            ("occurrence_get_symbol", ctypes.c_void_p),
            ("occurrence_get_roles", ctypes.c_uint64),
            ("symbol_get_usr", Text),
            ("symbol_get_name", Text),
        ]:
            getattr(self.library, "indexstore_" + name).restype = result
        error = ctypes.c_void_p()
        self.store = self._call("store_create", str(path).encode(), ctypes.byref(error))
        if not self.store:
            sys.exit(f"rooms: no index in {path}: build first")

    def _call(self, name, *arguments):
        wrapped = [ctypes.c_void_p(value) if isinstance(value, int) else value for value in arguments]
        return getattr(self.library, "indexstore_" + name)(*wrapped)

    def records(self):
        """(file, record) of each compiled source file."""
        names = []
        self._call("store_units_apply_f", self.store, ctypes.c_uint(0), None, VisitName(lambda _, name: names.append(str(name)) or True))
        for name in names:
            error = ctypes.c_void_p()
            reader = self._call("unit_reader_create", self.store, name.encode(), ctypes.byref(error))
            if not reader:
                continue
            main = str(self._call("unit_reader_get_main_file", reader))
            yield from ((path, record) for path, record in self._dependencies(reader) if path == main)
            self._call("unit_reader_dispose", reader)

    def _dependencies(self, reader):
        """(file, record) of each file that a unit was compiled from."""
        found = []

        def note(_, dependency):
            if self._call("unit_dependency_get_kind", dependency) == DEPENDENCY_RECORD:
                path = str(self._call("unit_dependency_get_filepath", dependency))
                found.append((path, str(self._call("unit_dependency_get_name", dependency))))
            return True

        self._call("unit_reader_dependencies_apply_f", reader, None, Visit(note))
        return found

    def occurrences(self, record):
        """(identity, name, roles) of every symbol in the file of a record."""
        error = ctypes.c_void_p()
        reader = self._call("record_reader_create", self.store, record.encode(), ctypes.byref(error))
        found = []

        def note(_, occurrence):
            symbol = self._call("occurrence_get_symbol", occurrence)
            found.append(
                (
                    str(self._call("symbol_get_usr", symbol)),
                    str(self._call("symbol_get_name", symbol)),
                    self._call("occurrence_get_roles", occurrence),
                )
            )
            return True

        self._call("record_reader_occurrences_apply_f", reader, None, Visit(note))
        self._call("record_reader_dispose", reader)
        return found


def room_of(path, sources):
    """("julesd", "Store") for Sources/julesd/Store/Schema.swift. Files at a module's root belong to the room "root"."""
    parts = path.relative_to(sources).parts
    return parts[0], parts[1] if len(parts) > 2 else "root"


def arrows(index, sources):
    """{(module, user, used): {"File.swift names symbol", …}} for rooms of one module."""
    files = {}
    for path, record in index.records():
        path = pathlib.Path(path)
        if path.is_relative_to(sources) and path.suffix == ".swift" and path.exists():
            files[path] = record
    defined, named = {}, []
    for path, record in files.items():
        for identity, name, roles in index.occurrences(record):
            if roles & ROLE_DEFINITION:
                defined[identity] = path
            if roles & ROLE_REFERENCE:
                named.append((path, identity, name))
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
