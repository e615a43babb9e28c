#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Holds packaging/THIRD-PARTY against the versions in use. With the folder of SwiftPM's checkouts, prints it together
# with the notices that these packages ask to be passed on.
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

# The direct ones are pinned in Package.swift, the others where SwiftPM resolved them.
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
[ "$status" = 0 ] || exit 1

[ $# = 0 ] && exit
cat packaging/THIRD-PARTY
for notice in "$1"/*/NOTICE.txt; do
    name=$(basename "$(dirname "$notice")")
    printf '\n\nNOTICE of %s:\n\n' "$name"
    cat "$notice"
done
