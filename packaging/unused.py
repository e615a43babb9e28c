#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds declarations of Sources that nothing names, neither the sources nor the tests.

It reads the compiler's index of a build that has the tests as well. What the language itself or a library calls is left out: the
main program, deinitializers, what satisfies a protocol, cases of enumerations (they are made from their raw values), and what
stands behind an attribute such as @OptionGroup.
"""

import argparse
import pathlib
import sys

from symbols import (
    KIND_DEINIT, KIND_ENUM_CASE, KIND_EXTENSION, KIND_PARAMETER, RELATION_OVERRIDE, ROLE_DEFINITION, ROLE_IMPLICIT, ROLE_REFERENCE, Index,
)

CALLED_BY_OTHERS = {KIND_DEINIT, KIND_ENUM_CASE, KIND_EXTENSION, KIND_PARAMETER}


def is_called_by_others(occurrence, lines):
    """Whether a definition is used without being named."""
    line = lines[occurrence.line - 1]
    return (
        occurrence.roles & ROLE_IMPLICIT
        or occurrence.relations & RELATION_OVERRIDE
        or occurrence.kind in CALLED_BY_OTHERS
        or ":" in occurrence.name.split("(")[0]  # An accessor, such as getter:name.
        or occurrence.name in ("Main", "main()")
        or "@" in line.split("//")[0]
    )


def unused(index, root):
    """(file, line, name) of each declaration below Sources that nothing names."""
    defined, named = {}, set()
    for path, record in index.files(root).items():
        lines = path.read_text().splitlines()
        for occurrence in index.occurrences(record):
            if occurrence.roles & ROLE_REFERENCE:
                named.add(occurrence.identity)
            if not path.is_relative_to(root / "Sources") or not occurrence.roles & ROLE_DEFINITION:
                continue
            if not is_called_by_others(occurrence, lines):
                defined[occurrence.identity] = (path.relative_to(root), occurrence.line, occurrence.name)
    return sorted(place for identity, place in defined.items() if identity not in named)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", required=True, help="the index store of the last build, with its tests")
    parser.add_argument("--root", default=".")
    options = parser.parse_args()
    found = unused(Index(options.index), pathlib.Path(options.root).resolve())
    for path, line, name in found:
        print(f"unused: {path}:{line}: nothing names {name}", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
