#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks packaging/THIRD-PARTY and packaging/debian/copyright against the versions in use. If `$1` is the folder of
# SwiftPM's checkouts, checks the licences there too, and prints THIRD-PARTY and the notices that the packages require.
set -eu
cd "$(dirname "$0")/.."
status=0

listed() {
    awk -v name="$1" '$1 == name && $2 ~ /^[0-9]/ { print $2 }' packaging/THIRD-PARTY
}

hold() {
    [ "$(listed "$1")" = "$2" ] && return
    echo "packaging/THIRD-PARTY: $1 is in use at $2 and listed at '$(listed "$1")'" >&2
    status=1
}

# Checks the licence of the package `$1`, whose text is the file `$2`.
licensed() {
    name=$1 text=$2
    licence="Apache-2.0"
    ! grep -q 'Runtime Library Exception' "$text" || licence="Apache-2.0 WITH Swift-exception"
    if ! grep -q 'Apache License' "$text" || ! grep -q "^$name  *[0-9.]*  *$licence [ (]" packaging/THIRD-PARTY; then
        echo "packaging/THIRD-PARTY: the licence of $name is another one: see $text" >&2
        status=1
    fi
}

# The copyright file has the same lines as THIRD-PARTY, each with a space before it.
awk '$2 ~ /^[0-9]+\./' packaging/THIRD-PARTY | while read -r line; do
    grep -qxF "  $line" packaging/debian/copyright || { echo "packaging/debian/copyright lacks: $line" >&2; exit 1; }
done || status=1

# Package.swift pins the direct dependencies. The others have the versions that SwiftPM has resolved.
pins=$(sed -n 's|.*url: ".*/\(.*\)", exact: "\(.*\)").*|\1 \2|p' Package.swift
    [ ! -f Package.resolved ] || tr -d ' ",' <Package.resolved | awk -F: '
        $1 == "identity" { name = $2 }
        $1 == "version" && name { print name, $2; name = "" }')
hold swift "$(cat .swift-version)"
while read -r name version; do
    hold "$name" "$version"
done <<END
$pins
END
for text in ${1:+"$1"/*/LICENSE.txt}; do
    licensed "$(basename "$(dirname "$text")")" "$text"
done
[ "$status" = 0 ] || exit 1

[ $# = 0 ] && exit
cat packaging/THIRD-PARTY
for notice in "$1"/*/NOTICE.txt; do
    name=$(basename "$(dirname "$notice")")
    printf '\n\nNOTICE of %s:\n\n' "$name"
    cat "$notice"
done
