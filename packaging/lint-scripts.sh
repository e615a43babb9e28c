#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the shell scripts with shellcheck and the Python programs with ruff.
set -eu
cd "$(dirname "$0")/.."
RUFF=0.17.6
scratch=${SCRATCH:-.build}-lint

# Prints the files whose first line names the interpreter `$1`, and those whose name ends in `$2`.
scripts() {
    git ls-files | while read -r file; do
        [ -f "$file" ] || continue
        case $file in *"$2") echo "$file" && continue ;; esac
        case $(head -n 1 "$file" | tr -d '\0') in "#!"*"$1"*) echo "$file" ;; esac
    done
}

if ! [ -x "$scratch/bin/ruff" ] || [ "$("$scratch/bin/ruff" --version)" != "ruff $RUFF" ]; then
    python3 -m venv "$scratch"
    "$scratch/bin/pip" install --quiet --disable-pip-version-check "ruff==$RUFF"
fi

status=0
# The excluded warnings are about variables that one part of a script sets and another uses, and about `a= b=` and
# `a=b-c`, which are meant as written.
# shellcheck disable=SC2046 # no name holds a space
shellcheck --severity warning --exclude SC2154,SC2034,SC1007,SC2100 $(scripts sh .sh) || status=1
# shellcheck disable=SC2046
"$scratch/bin/ruff" check --quiet --no-cache --config packaging/ruff.toml $(scripts python .py) || status=1
exit $status
