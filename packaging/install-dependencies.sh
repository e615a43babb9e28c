#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that building, running and testing need, where they are missing.
set -eu

packages="libcurl4-openssl-dev libsqlite3-dev libssl-dev libsystemd-dev pkg-config
    curl jq openssl prometheus python3 python3-websockets sqlite3 systemd"

command -v swift >/dev/null || {
    echo "A Swift toolchain is missing: $(cat .swift-version 2>/dev/null || echo 6) from swift.org/install" >&2
    exit 1
}

missing=""
for package in $packages; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "installing:$missing"
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
$as_root apt-get update -qq
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
