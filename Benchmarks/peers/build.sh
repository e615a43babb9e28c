#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds what julesd is compared with into the folder that the first argument names; Debian has it all.
set -euo pipefail
folder=$(dirname "$(realpath "$0")")
out=${1:?usage: build.sh FOLDER}

mkdir -p "$out"
# Debian keeps Go's libraries as sources, outside of modules.
[ "$out/gorilla-peer" -nt "$folder/gorilla.go" ] ||
    GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS=-buildvcs=false go build -o "$out/gorilla-peer" "$folder/gorilla.go"
