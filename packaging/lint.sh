#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks what a compiler does not check: the format, the dependencies between rooms, and the unit files.
set -eu
cd "$(dirname "$0")/.."
status=0

fail() {
    echo "lint: $1" >&2
    status=1
}

swift format lint --strict --recursive Package.swift Sources Tests Benchmarks || status=1

# Fails with the description `$1` if `git grep` finds the pattern.
none() {
    description=$1
    shift
    if git grep -nE "$@"; then fail "$description"; fi
}

none "all of Foundation costs 45 MB: import FoundationEssentials" '^ *(public |internal |@testable )*import Foundation$' -- 'Sources/*.swift'
none "only DaemonSupport may import C libraries" '^ *(public |internal )?import (CCurl|CMalloc|CSQLite|CSystemd|CCrypto|CZlib)' -- 'Sources/julesd' 'Sources/jules-simulator'
none "DaemonSupport must not mention Jules" -i 'jules' -- 'Sources/DaemonSupport'
none "a suite of integration tests has no time limit" '^@Suite\("[^"]*"\)$' -- 'Tests/IntegrationTests'
none "a source file without its licence line" -L 'SPDX-License-Identifier: Apache-2.0' -- 'Sources/*.swift' 'Tests/*.swift' 'Benchmarks/*.swift' 'Benchmarks/*.[ch]' 'Package.swift'

grep -qx "ARG SWIFT=$(cat .swift-version)" Dockerfile || fail "the Dockerfile and .swift-version name different versions of Swift"

version=$(sed -n 's/^public let programVersion = "\(.*\)"$/\1/p' Sources/Wording/Version.swift)
head -n 1 packaging/debian/changelog | grep -qF "julesd ($version-" || fail "packaging/debian/changelog begins with another version than $version"
grep -q "^## $version " CHANGELOG.md || fail "CHANGELOG.md has no part for version $version"

make -s -C Benchmarks/load OUT="$(realpath "${SCRATCH:-.build}")-bench" || status=1
systemd/check || status=1
packaging/rooms.py --index "${SCRATCH:-.build}/debug/index/store" || status=1
packaging/unused.py --index "${SCRATCH:-.build}/debug/index/store" || status=1
Tests/Lint/rooms-test || status=1
Tests/Lint/unused-test || status=1
packaging/third-party.sh || status=1
packaging/lint-scripts.sh || status=1
[ "$status" = 0 ] && echo "lint: clean"
exit "$status"
