#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares the packages that Package.swift pins with the newest release in their repositories. Ends with 1 if one of the
# repositories does not answer, otherwise with 0. A newer release is information and no error.
set -eu
cd "$(dirname "$0")/.."

# Prints the newest release. Tags such as 2.0.0-beta.1 are ignored.
newest() {
    timeout 60 git -c http.lowSpeedLimit=1 -c http.lowSpeedTime=20 ls-remote --tags --refs "$1" 2>/dev/null |
        sed -n 's|.*refs/tags/v\{0,1\}\([0-9][0-9]*\.[0-9][0-9]*\.[0-9][0-9]*\)$|\1|p' | sort -V | tail -1
}

export GIT_TERMINAL_PROMPT=0
pins=$(sed -n 's|.*url: "\(.*\)", exact: "\(.*\)").*|\1 \2|p' Package.swift)
[ -n "$pins" ] || { echo "outdated: Package.swift has no pins that this program can read" >&2; exit 1; }
unknown=0
printf '%-24s %-12s %s\n' package pinned newest
while read -r url pinned; do
    found=$(newest "$url")
    note=
    if [ -z "$found" ]; then
        found='?' note='   CANNOT BE REACHED'
        unknown=$((unknown + 1))
    elif [ "$(printf '%s\n' "$pinned" "$found" | sort -V | tail -1)" != "$pinned" ]; then
        note='   newer'
    fi
    printf '%-24s %-12s %s%s\n' "$(basename "$url" .git)" "$pinned" "$found" "$note"
done <<END
$pins
END
[ "$unknown" = 0 ] || echo "outdated: NOTHING IS KNOWN ABOUT $unknown OF THEM; is there a network?" >&2
[ "$unknown" = 0 ]
